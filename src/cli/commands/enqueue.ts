/** The command that enqueues workflows. */

import { buildCommand } from "@stricli/core";
import type { EnqueueJob, EnqueueTotals } from "../../workflows/enqueue_many.ts";
import type { EnqueueOptions } from "../../workflows/enqueue_options.ts";
import type { WorkflowArg } from "../../workflows/workflow_function.ts";
import { type SerializationType, serializationTypes } from "../../serialization/write.ts";
import { type CliCommand, describe } from "../command.ts";
import { withClient } from "../connection.ts";
import { CliError, UsageError } from "../errors.ts";
import { escapeLines, escapeText } from "../escape.ts";
import {
  asDeadline,
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
  textsFlag,
} from "../flags.ts";
import { type Lines, parseJson, readJson, readLines, readObject } from "../input.ts";
import { showProgress } from "../progress.ts";
import { isJson, printRecord } from "../table.ts";
import { stderr } from "../terminal.ts";
import { printResult } from "./result.ts";

const reusePolicies = ["return-existing", "reject"] as const;

interface EnqueueFlags extends CommonFlags {
  readonly queueName?: string;
  readonly workflowId?: string;
  readonly workflowIdReusePolicy?: (typeof reusePolicies)[number];
  readonly workflowClassName?: string;
  readonly workflowConfigName?: string;
  readonly appVersion?: string;
  readonly workflowTimeoutMs?: number;
  readonly deadline?: number;
  readonly deduplicationId?: string;
  readonly duplicationPolicy?: (typeof reusePolicies)[number];
  readonly priority?: number;
  readonly queuePartitionKey?: string;
  readonly delaySeconds?: number;
  readonly attributes?: string;
  readonly namedArgs?: string;
  readonly authenticatedUser?: string;
  readonly assumedRole?: string;
  readonly authenticatedRoles?: readonly string[];
  readonly serializationType?: SerializationType;
  readonly wait?: boolean;
  readonly timeout?: number;
  readonly batch?: string;
}

/** The options that the flags stand for, without the name of the workflow. */
async function toOptions(
  flags: EnqueueFlags,
): Promise<Partial<Omit<EnqueueOptions, "workflowName" | "signal">>> {
  const { workflowId, workflowIdReusePolicy, workflowTimeoutMs, deadline, deduplicationId } = flags;
  const { attributes, namedArgs, authenticatedRoles } = flags;
  return {
    ...pickOptions(
      flags,
      "queueName",
      "workflowClassName",
      "workflowConfigName",
      "appVersion",
      "duplicationPolicy",
      "priority",
      "queuePartitionKey",
      "delaySeconds",
      "authenticatedUser",
      "assumedRole",
      "serializationType",
    ),
    ...workflowId !== undefined && { workflowID: workflowId },
    ...workflowIdReusePolicy && { workflowIDReusePolicy: workflowIdReusePolicy },
    ...workflowTimeoutMs !== undefined && { workflowTimeoutMS: workflowTimeoutMs },
    ...deadline !== undefined && { deadlineEpochMS: deadline },
    ...deduplicationId !== undefined && { deduplicationID: deduplicationId },
    ...authenticatedRoles && { authenticatedRoles: [...authenticatedRoles] },
    ...attributes !== undefined && { attributes: await readObject("--attributes", attributes) },
    ...namedArgs !== undefined && { namedArgs: await readObject("--named-args", namedArgs) },
  };
}

async function enqueueOne(
  flags: EnqueueFlags,
  workflowName: string,
  given: readonly string[],
): Promise<void> {
  const { queueName, ...options } = await toOptions(flags);
  if (queueName === undefined) {
    throw new UsageError("Cannot enqueue a workflow without a queue: pass --queue-name (-q)");
  }
  const args: unknown[] = [];
  for (const [index, text] of given.entries()) {
    args.push(await readJson(`argument ${index + 1}`, text));
  }
  await withClient(flags, async (client) => {
    const { enqueue } = await import("../../workflows/enqueue.ts");
    const call = { ...options, queueName, workflowName };
    const { workflowID } = await enqueue(client, call, ...args as WorkflowArg[]);
    if (!flags.wait) {
      return await printRecord(flags, { workflowID }, () => escapeText(workflowID));
    }
    if (!isJson(flags)) await stderr.write(`${escapeText(workflowID)}\n`);
    const { timeout } = flags;
    await printResult(client, workflowID, flags, {
      ...timeout !== undefined && { timeoutSeconds: timeout },
    });
  });
}

/** The jobs of a batch. */
interface Jobs extends AsyncIterable<EnqueueJob> {
  /** The number of the line that was read last. */
  readonly line: number;
}

function toJobs(lines: Lines, defaults: Partial<EnqueueJob>): Jobs {
  const jobs = {
    line: 0,
    async *[Symbol.asyncIterator]() {
      for await (const text of lines) {
        const line = ++jobs.line;
        if (text.trim() === "") continue;
        const job = parseJson(`line ${line}`, text);
        if (typeof job !== "object" || job === null || Array.isArray(job)) {
          throw new UsageError(
            `Cannot enqueue line ${line}: expected a JSON object, such as {"args": [{"id": 7}]}`,
          );
        }
        const merged: Partial<EnqueueJob> = { ...defaults, ...job };
        for (const name of ["workflowName", "queueName"] as const) {
          if (merged[name] === undefined) {
            throw new UsageError(`Cannot enqueue line ${line}: it has no ${name}`);
          }
        }
        yield merged as EnqueueJob;
      }
    },
  };
  return jobs;
}

/** Names the line in an error of its job, of which enqueueMany() only knows the index. */
function nameLine(error: unknown, line: number): void {
  if (!(error instanceof Error)) return;
  error.message = error.message.replace(
    /jobs\[\d+\](?:\.(\w+)| of enqueueMany\(\))?/,
    (_, field?: string) => field === undefined ? `line ${line}` : `${field} of line ${line}`,
  );
}

async function enqueueBatch(
  flags: EnqueueFlags,
  batch: string,
  workflowName: string | undefined,
): Promise<void> {
  const { workflowID, ...options } = await toOptions(flags);
  if (workflowID !== undefined) {
    throw new UsageError("Cannot give all workflows one ID: write workflowID on each line");
  }
  const defaults = { ...options, ...workflowName !== undefined && { workflowName } };
  const lines = readLines("the batch", batch);
  await withClient(flags, async (client) => {
    const { enqueueMany } = await import("../../workflows/enqueue_many.ts");
    const progress = showProgress("Enqueueing", lines);
    const jobs = toJobs(lines, defaults);
    let totals: EnqueueTotals = { enqueued: 0, existing: 0, deduplicated: 0, conflicting: 0 };
    const problems: string[] = [];
    try {
      totals = await enqueueMany(client, jobs, {
        onProgress(soFar, outcomes) {
          totals = soFar;
          const done = Object.values(soFar).reduce((sum, count) => sum + count, 0);
          progress.update(done);
          for (const { error } of outcomes) if (error) problems.push(error.message);
          problems.splice(10);
        },
      });
    } catch (error) {
      await progress.end();
      nameLine(error, jobs.line);
      if (totals.enqueued > 0) {
        await stderr.write(`${totals.enqueued} workflows were enqueued before this error\n`);
      }
      throw error;
    }
    await progress.end();
    await printRecord(
      flags,
      totals,
      () =>
        Object.entries(totals).filter(([name, count]) => count > 0 || name === "enqueued")
          .map(([name, count]) => `${count} ${name}`).join(", "),
    );
    for (const problem of problems) await stderr.write(`${escapeLines(problem)}\n`);
    if (totals.conflicting > 0) {
      throw new CliError(`Cannot enqueue ${totals.conflicting} of the workflows`);
    }
  }, { maxConnections: 5 });
}

export const enqueue: CliCommand = buildCommand({
  docs: describe(
    "enqueue",
    "WORKFLOW_NAME [ARGUMENT...]",
    "Arguments are JSON; @file reads one from a file, and - from stdin. It prints the workflow ID or, " +
      "with --wait, the result. --batch reads a job from each line: a JSON object with workflowName, " +
      "queueName, args and the other options of enqueue(); what a line leaves out is taken from the " +
      "command line.",
    `dbos-client enqueue processTask -q tasks '{"id": 7}' --wait`,
    `dbos-client enqueue processTask -q tasks --workflow-id task-7 @task.json`,
    `echo '{"workflowID": "task-8", "args": [{"id": 8}]}' |
    dbos-client enqueue processTask -q tasks --batch -`,
  ),
  parameters: {
    flags: {
      queueName: textFlag("The queue to put it on"),
      workflowId: textFlag("The ID of the workflow, by default a new UUID", "id"),
      wait: switchFlag("Wait for the result, and print it"),
      timeout: numberFlag("How long to wait, by default without limit", "seconds", asSeconds),
      batch: textFlag("Enqueue a job from each line of a file, or of stdin for -", "file"),
      workflowIdReusePolicy: {
        kind: "enum",
        values: reusePolicies,
        optional: true,
        brief: "What to do if the ID is in use, by default return-existing",
      },
      workflowClassName: textFlag("The class that has the workflow as a method"),
      workflowConfigName: textFlag("The configured instance that has the workflow as a method"),
      appVersion: textFlag(
        "The application version that runs it, by default the latest",
        "version",
      ),
      workflowTimeoutMs: numberFlag("How long it may run", "ms", asInteger(1)),
      deadline: numberFlag(
        "The time at which DBOS cancels it, or how long from now (2h)",
        "time",
        asDeadline,
      ),
      deduplicationId: textFlag("At most one workflow of the queue has this ID at a time", "id"),
      duplicationPolicy: {
        kind: "enum",
        values: reusePolicies,
        optional: true,
        brief: "What to do if another workflow holds the deduplication ID, by default reject",
      },
      priority: numberFlag("Lower runs first, by default 0", "number", asInteger(0, 2 ** 31 - 1)),
      queuePartitionKey: textFlag("The partition of a partitioned queue", "key"),
      delaySeconds: numberFlag("How long to delay it", "seconds", asSeconds),
      attributes: textFlag("Attributes to filter lists by, as a JSON object", "json"),
      namedArgs: textFlag("Named arguments for a workflow in Python, as a JSON object", "json"),
      authenticatedUser: textFlag("The user on whose behalf it runs"),
      assumedRole: textFlag("The role that the user assumes"),
      authenticatedRoles: textsFlag("A role of the user; can be repeated"),
      serializationType: {
        kind: "enum",
        values: serializationTypes,
        optional: true,
        brief: "The format of the arguments, by default portable",
      },
      ...commonFlags,
    },
    aliases: {
      q: "queueName",
      i: "workflowId",
      w: "wait",
      t: "timeout",
      b: "batch",
      ...commonAliases,
    },
    positional: {
      kind: "array",
      parameter: {
        parse: asText,
        brief: "The name of the workflow, and its arguments as JSON, @file or -",
        placeholder: "workflow-name argument",
      },
    },
  },
  async func(flags: EnqueueFlags, ...[workflowName, ...args]: string[]) {
    if (flags.timeout !== undefined && !flags.wait) {
      throw new UsageError(
        "Cannot use --timeout without --wait: --workflow-timeout-ms limits how long a workflow may run",
      );
    }
    if (flags.batch !== undefined) {
      if (args.length > 0) {
        throw new UsageError("Cannot use arguments with --batch: write args on each line");
      }
      if (flags.wait) throw new UsageError("Cannot use --wait with --batch");
      return await enqueueBatch(flags, flags.batch, workflowName);
    }
    if (workflowName === undefined) {
      throw new UsageError("Cannot enqueue a workflow: its name is missing");
    }
    await enqueueOne(flags, workflowName, args);
  },
});
