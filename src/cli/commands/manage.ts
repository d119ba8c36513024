/** Commands that change workflows: cancel, resume, fork, rewind and delete. */

import { buildCommand } from "@stricli/core";
import { createInterface } from "node:readline/promises";
import type { Client } from "../../client/client.ts";
import { type CliCommand, describe } from "../command.ts";
import { withClient } from "../connection.ts";
import { CliError, UsageError } from "../errors.ts";
import { escapeText } from "../escape.ts";
import {
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
import { readWorkflowIDs } from "../input.ts";
import { printRecord, printRecords, styleOfStatus } from "../table.ts";
import { isStdinTerminal, process, stderr } from "../terminal.ts";

const workflowIDsParameters = {
  kind: "array",
  parameter: {
    parse: asText,
    brief: "The IDs of the workflows; - reads them from the lines of stdin",
    placeholder: "workflow-id",
  },
  minimum: 1,
} as const;

interface Found {
  readonly workflowID: string;
  readonly status: string;
}

/** The statuses of those of the workflows that exist. */
async function findStatuses(client: Client, workflowIDs: readonly string[]): Promise<Found[]> {
  const { listWorkflows } = await import("../../lists/list.ts");
  const options = { workflowIDs, loadInput: false, loadOutput: false };
  const found = new Map(
    (await listWorkflows(client, options)).map(({ workflowID, status }) => [workflowID, status]),
  );
  return workflowIDs.flatMap((workflowID) => {
    const status = found.get(workflowID);
    return status === undefined ? [] : [{ workflowID, status }];
  });
}

/** Prints the statuses of the workflows, and refuses those that do not exist. */
async function printStatuses(
  client: Client,
  flags: CommonFlags,
  workflowIDs: readonly string[],
  action: string,
): Promise<void> {
  const found = await findStatuses(client, workflowIDs);
  await printRecords(flags, found, [
    { title: "WORKFLOW ID", value: ({ workflowID }) => workflowID },
    {
      title: "STATUS",
      value: ({ status }) => status,
      style: ({ status }) => styleOfStatus(status),
    },
  ]);
  requireAll(workflowIDs, found, action);
}

function requireAll(
  workflowIDs: readonly string[],
  found: readonly Found[],
  action: string,
): void {
  const known = new Set(found.map(({ workflowID }) => workflowID));
  const missing = workflowIDs.filter((workflowID) => !known.has(workflowID));
  if (missing.length === 0) return;
  const names = missing.slice(0, 10).join(", ") + (missing.length > 10 ? ", …" : "");
  throw new CliError(`Cannot ${action} ${names}: there is no such workflow`);
}

interface CancelFlags extends CommonFlags {
  readonly children?: boolean;
}

export const cancel: CliCommand = buildCommand({
  docs: describe(
    "cancel",
    "WORKFLOW_ID...",
    "One that runs stops before its next step. It prints the statuses after that: a workflow that " +
      "has ended is not changed.",
    "dbos-client cancel task-8 task-9 --children",
    "dbos-client list -q tasks -s ENQUEUED --all | jq -r .workflowID | dbos-client cancel -",
  ),
  parameters: {
    flags: {
      children: switchFlag("Cancel the workflows that they started as well"),
      ...commonFlags,
    },
    aliases: { ...commonAliases },
    positional: workflowIDsParameters,
  },
  async func(flags: CancelFlags, ...given: string[]) {
    const workflowIDs = await readWorkflowIDs(given);
    await withClient(flags, async (client) => {
      const { cancelWorkflows } = await import("../../workflows/manage.ts");
      await cancelWorkflows(client, workflowIDs, { cancelChildren: flags.children ?? false });
      await printStatuses(client, flags, workflowIDs, "cancel");
    });
  },
});

interface ResumeFlags extends CommonFlags {
  readonly queueName?: string;
}

export const resume: CliCommand = buildCommand({
  docs: describe(
    "resume",
    "WORKFLOW_ID...",
    "They continue after their last completed step. If one of them does not exist, none is resumed.",
    "dbos-client resume task-8",
    "dbos-client resume task-8 --queue-name tasks",
  ),
  parameters: {
    flags: {
      queueName: textFlag("The queue to put them on; by default they run at once"),
      ...commonFlags,
    },
    aliases: { q: "queueName", ...commonAliases },
    positional: workflowIDsParameters,
  },
  async func(flags: ResumeFlags, ...given: string[]) {
    const workflowIDs = await readWorkflowIDs(given);
    await withClient(flags, async (client) => {
      const { resumeWorkflows } = await import("../../workflows/manage.ts");
      await resumeWorkflows(client, workflowIDs, { ...pickOptions(flags, "queueName") });
      await printStatuses(client, flags, workflowIDs, "resume");
    });
  },
});

interface RerunFlags extends CommonFlags {
  readonly startStep?: number;
  readonly queueName?: string;
  readonly queuePartitionKey?: string;
  readonly applicationVersion?: string;
}

const rerunFlags = {
  startStep: numberFlag("The first step that runs again, by default 0", "number"),
  queueName: textFlag("The queue to put it on; by default it runs at once"),
  queuePartitionKey: textFlag("The partition of a partitioned queue", "key"),
  applicationVersion: textFlag("The application version that runs it"),
} as const;

interface ForkFlags extends RerunFlags {
  readonly newWorkflowId?: string;
}

export const fork: CliCommand = buildCommand({
  docs: describe(
    "fork",
    "WORKFLOW_ID",
    "It prints the new ID.",
    "dbos-client fork task-7 --start-step 3",
    "dbos-client fork task-7 --new-workflow-id task-7-again",
  ),
  parameters: {
    flags: {
      ...rerunFlags,
      newWorkflowId: textFlag("The ID of the fork, by default a new UUID", "id"),
      ...commonFlags,
    },
    aliases: { q: "queueName", ...commonAliases },
    positional: { kind: "tuple", parameters: [workflowIDParameter] },
  },
  func: (flags: ForkFlags, workflowID: string) =>
    withClient(flags, async (client) => {
      const { forkWorkflow } = await import("../../workflows/fork.ts");
      const { startStep = 0, newWorkflowId } = flags;
      const fork = await forkWorkflow(client, workflowID, startStep, {
        ...pickOptions(flags, "queueName", "queuePartitionKey", "applicationVersion"),
        ...newWorkflowId !== undefined && { newWorkflowID: newWorkflowId },
      });
      await printRecord(
        flags,
        { workflowID: fork.workflowID },
        () => escapeText(fork.workflowID),
      );
    }),
});

export const rewind: CliCommand = buildCommand({
  docs: describe(
    "rewind",
    "WORKFLOW_ID",
    "",
    "dbos-client rewind task-7",
    "dbos-client rewind task-7 --start-step 3",
  ),
  parameters: {
    flags: { ...rerunFlags, ...commonFlags },
    aliases: { q: "queueName", ...commonAliases },
    positional: { kind: "tuple", parameters: [workflowIDParameter] },
  },
  func: (flags: RerunFlags, workflowID: string) =>
    withClient(flags, async (client) => {
      const { rewindWorkflow } = await import("../../workflows/fork.ts");
      await rewindWorkflow(client, workflowID, {
        ...pickOptions(
          flags,
          "startStep",
          "queueName",
          "queuePartitionKey",
          "applicationVersion",
        ),
      });
      await printStatuses(client, flags, [workflowID], "rewind");
    }),
});

/** Asks on the terminal. */
async function confirm(question: string): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  // It takes the signal of Ctrl-C for itself.
  prompt.on("SIGINT", () => process.emit("SIGINT"));
  // Without an answer, as after Ctrl-D, nothing is deleted.
  const closed = new Promise<string>((resolve) => prompt.once("close", () => resolve("")));
  const answer = await Promise.race([prompt.question(question), closed]);
  prompt.close();
  return /^y(es)?$/i.test(answer.trim());
}

interface DeleteFlags extends CommonFlags {
  readonly children?: boolean;
  readonly yes?: boolean;
}

export const deleteCommand: CliCommand = buildCommand({
  docs: describe(
    "delete",
    "WORKFLOW_ID...",
    "On a terminal it asks first. Cancel workflows that run before you delete them.",
    "dbos-client delete task-8 task-9",
    "dbos-client list --completed-before 90d --all | jq -r .workflowID | dbos-client delete --yes -",
  ),
  parameters: {
    flags: {
      children: switchFlag("Delete the workflows that they started as well"),
      yes: switchFlag("Do not ask"),
      ...commonFlags,
    },
    aliases: { y: "yes", ...commonAliases },
    positional: workflowIDsParameters,
  },
  async func(flags: DeleteFlags, ...given: string[]) {
    if (!flags.yes && (given.includes("-") || !isStdinTerminal())) {
      throw new UsageError("Cannot ask whether to delete the workflows: pass --yes");
    }
    const workflowIDs = await readWorkflowIDs(given);
    await withClient(flags, async (client) => {
      const found = await findStatuses(client, workflowIDs);
      requireAll(workflowIDs, found, "delete");
      if (!flags.yes) {
        const list = found.map(({ workflowID, status }) => escapeText(`${workflowID} (${status})`));
        const children = flags.children ? ", and all that they started" : "";
        const isConfirmed = await confirm(
          `Delete ${list.join(", ")}${children}? This cannot be undone. [y/N] `,
        );
        if (!isConfirmed) throw new CliError("Nothing was deleted");
      }
      const { deleteWorkflows } = await import("../../workflows/manage.ts");
      await deleteWorkflows(client, workflowIDs, { deleteChildren: flags.children ?? false });
      await stderr.write(
        `Deleted ${found.length} workflow${found.length === 1 ? "" : "s"}\n`,
      );
    });
  },
});
