/** Commands that talk to a running workflow: send, event and stream. */

import { buildCommand } from "@stricli/core";
import { type CliCommand, describe } from "../command.ts";
import { withClient } from "../connection.ts";
import { CliError, exitCodes } from "../errors.ts";
import { escapeText } from "../escape.ts";
import {
  asInteger,
  asSeconds,
  asText,
  commonAliases,
  type CommonFlags,
  commonFlags,
  numberFlag,
  pickOptions,
  switchFlag,
  textFlag,
  workflowIDParameter,
} from "../flags.ts";
import { readJson } from "../input.ts";
import { readStatus } from "../read_status.ts";
import { isJson, printRecord } from "../table.ts";
import { stderr, stdout } from "../terminal.ts";
import { toJson, toReadable } from "../text.ts";

interface SendFlags extends CommonFlags {
  readonly topic?: string;
  readonly idempotencyKey?: string;
  readonly sendToForks?: boolean;
}

export const send: CliCommand = buildCommand({
  docs: describe(
    "send",
    "WORKFLOW_ID MESSAGE",
    "The message is JSON; @file reads it from a file, and - from stdin.",
    `dbos-client send task-7 '{"approved": true}' --topic approval`,
    "dbos-client send task-7 @message.json --idempotency-key order-7",
  ),
  parameters: {
    flags: {
      topic: textFlag("The topic on which the workflow receives it; by default none"),
      idempotencyKey: textFlag("Of all messages with the same key, only one is delivered", "key"),
      sendToForks: switchFlag("Send it to the forks of the workflow as well"),
      ...commonFlags,
    },
    aliases: { t: "topic", ...commonAliases },
    positional: {
      kind: "tuple",
      parameters: [
        workflowIDParameter,
        { parse: asText, brief: "The message, as JSON, @file or -", placeholder: "message" },
      ],
    },
  },
  async func(flags: SendFlags, workflowID: string, given: string) {
    const message = await readJson("the message", given);
    await withClient(flags, async (client) => {
      const { send } = await import("../../messages/messages.ts");
      await send(client, workflowID, message, {
        ...pickOptions(flags, "topic", "idempotencyKey", "sendToForks"),
      });
      if (!isJson(flags)) await stderr.write(`Sent to workflow ${escapeText(workflowID)}\n`);
    });
  },
});

interface EventFlags extends CommonFlags {
  readonly timeout?: number;
}

export const event: CliCommand = buildCommand({
  docs: describe(
    "event",
    "WORKFLOW_ID [KEY]",
    "Without a key it prints all events that the workflow has set so far, as one object. With a key " +
      "it waits until the event is set.",
    "dbos-client event task-7",
    "dbos-client event task-7 progress --timeout 5",
  ),
  parameters: {
    flags: {
      timeout: numberFlag("How long to wait for the event, by default 60", "seconds", asSeconds),
      ...commonFlags,
    },
    aliases: { t: "timeout", ...commonAliases },
    positional: {
      kind: "tuple",
      parameters: [
        workflowIDParameter,
        { parse: asText, brief: "The key of the event", placeholder: "key", optional: true },
      ],
    },
  },
  func: ({ timeout = 60, ...flags }: EventFlags, workflowID: string, key?: string) =>
    withClient(flags, async (client) => {
      const { getAllEvents } = await import("../../messages/all_events.ts");
      if (key === undefined) {
        const events = await getAllEvents(client, workflowID);
        if (Object.keys(events).length === 0) {
          await readStatus(client, workflowID, "print the events of");
        }
        return await printRecord(flags, events, () => toReadable(events));
      }
      const { getEvent } = await import("../../messages/events.ts");
      const value = await getEvent(client, workflowID, key, { timeoutSeconds: timeout });
      // The value of an event may be null as well.
      if (value === null && !Object.hasOwn(await getAllEvents(client, workflowID), key)) {
        throw new CliError(
          `Cannot print event ${key} of workflow ${workflowID}: it was not set within ${timeout} s`,
          exitCodes.timeout,
        );
      }
      await printRecord(flags, value, () => toReadable(value));
    }),
});

interface StreamFlags extends CommonFlags {
  readonly offset?: number;
  readonly snapshot?: boolean;
  readonly timeout?: number;
}

export const stream: CliCommand = buildCommand({
  docs: describe(
    "stream",
    "WORKFLOW_ID KEY",
    "It ends when the stream is closed or the workflow has ended.",
    "dbos-client stream task-7 log",
    "dbos-client stream task-7 log --offset=-10 --snapshot   # the last 10 values so far",
  ),
  parameters: {
    flags: {
      offset: numberFlag(
        "The first value to print, counted from 0, or from the end if it is negative",
        "number",
        asInteger(-(2 ** 31) + 1, 2 ** 31 - 1),
      ),
      snapshot: switchFlag("End after the existing values"),
      timeout: numberFlag(
        "How long to wait for each value, by default without limit",
        "seconds",
        asSeconds,
      ),
      ...commonFlags,
    },
    aliases: { o: "offset", t: "timeout", ...commonAliases },
    positional: {
      kind: "tuple",
      parameters: [
        workflowIDParameter,
        { parse: asText, brief: "The key of the stream", placeholder: "key" },
      ],
    },
  },
  func: ({ timeout, ...flags }: StreamFlags, workflowID: string, key: string) =>
    withClient(flags, async (client) => {
      const { readStream } = await import("../../messages/streams.ts");
      const values = readStream(client, workflowID, key, {
        ...pickOptions(flags, "offset", "snapshot"),
        ...timeout !== undefined && { timeoutSeconds: timeout },
      });
      for await (const value of values) {
        await stdout.write(`${isJson(flags) ? toJson(value) : toReadable(value)}\n`);
      }
    }),
});
