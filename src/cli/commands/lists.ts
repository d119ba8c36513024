/** Commands that read workflows: list, show, steps, explain and count. */

import { buildCommand } from "@stricli/core";
import type { Client } from "../../client/client.ts";
import type { WorkflowStatus } from "../../workflows/workflow_status.ts";
import { type CliCommand, describe } from "../command.ts";
import { withClient } from "../connection.ts";
import { CliError, UsageError } from "../errors.ts";
import {
  asInteger,
  asTime,
  commonAliases,
  type CommonFlags,
  commonFlags,
  numberFlag,
  pickOptions,
  switchFlag,
  textFlag,
  textsFlag,
  workflowIDParameter,
} from "../flags.ts";
import { readObject } from "../input.ts";
import { type Column, isJson, printRecord, printRecords, styleOfStatus } from "../table.ts";
import { stdout } from "../terminal.ts";
import { escapeLines, formatDuration, formatTime, toReadableLine } from "../text.ts";

interface FilterFlags {
  readonly status?: readonly string[];
  readonly workflowName?: readonly string[];
  readonly queueName?: readonly string[];
  readonly idPrefix?: readonly string[];
  readonly className?: readonly string[];
  readonly configName?: readonly string[];
  readonly deduplicationId?: readonly string[];
  readonly authenticatedUser?: readonly string[];
  readonly executorId?: readonly string[];
  readonly applicationVersion?: readonly string[];
  readonly forkedFrom?: readonly string[];
  readonly parentWorkflowId?: readonly string[];
  readonly scheduleName?: readonly string[];
  readonly attributes?: string;
  readonly queuesOnly?: boolean;
  readonly startTime?: number;
  readonly endTime?: number;
  readonly completedAfter?: number;
  readonly completedBefore?: number;
}

const statuses = [
  "PENDING",
  "ENQUEUED",
  "DELAYED",
  "SUCCESS",
  "ERROR",
  "CANCELLED",
  "MAX_RECOVERY_ATTEMPTS_EXCEEDED",
] as const;

const filterFlags = {
  status: {
    kind: "enum",
    values: statuses,
    optional: true,
    variadic: ",",
    brief: "Statuses, such as ERROR,CANCELLED",
  },
  workflowName: textsFlag("The name of the workflows; like most filters, it can be repeated"),
  queueName: textsFlag("The queue of the workflows"),
  idPrefix: textsFlag("How the IDs of the workflows begin", "text"),
  className: textsFlag("The class of the workflows"),
  configName: textsFlag("The configured instance of the workflows"),
  deduplicationId: textsFlag("The deduplication ID that the workflow holds", "id"),
  authenticatedUser: textsFlag("The user on whose behalf the workflows run"),
  executorId: textsFlag("The worker that runs or ran the workflows", "id"),
  applicationVersion: textsFlag("The application version of the workflows"),
  forkedFrom: textsFlag("The workflow that the workflows are forks of", "id"),
  parentWorkflowId: textsFlag("The workflow that started the workflows", "id"),
  scheduleName: textsFlag("The schedule that started the workflows"),
  attributes: textFlag("Attributes that the workflows have, as a JSON object", "json"),
  queuesOnly: switchFlag("Only unfinished workflows of queues"),
  startTime: numberFlag(
    "Enqueued or started since then, or since so long ago (2h)",
    "time",
    asTime,
  ),
  endTime: numberFlag("Enqueued or started until then", "time", asTime),
  completedAfter: numberFlag("Ended since then", "time", asTime),
  completedBefore: numberFlag("Ended until then", "time", asTime),
} as const;

const filterAliases = { s: "status", n: "workflowName", q: "queueName" } as const;

async function toFilters(flags: FilterFlags) {
  return {
    ...pickOptions(
      flags,
      "status",
      "workflowName",
      "queueName",
      "className",
      "configName",
      "authenticatedUser",
      "executorId",
      "applicationVersion",
      "forkedFrom",
      "scheduleName",
      "queuesOnly",
      "startTime",
      "endTime",
      "completedAfter",
      "completedBefore",
    ),
    ...flags.idPrefix && { workflow_id_prefix: flags.idPrefix },
    ...flags.deduplicationId && { deduplicationID: flags.deduplicationId },
    ...flags.parentWorkflowId && { parentWorkflowID: flags.parentWorkflowId },
    ...flags.attributes !== undefined &&
      { attributes: await readObject("--attributes", flags.attributes) },
  };
}

const workflowColumns: readonly Column<WorkflowStatus>[] = [
  { title: "WORKFLOW ID", value: ({ workflowID }) => workflowID },
  {
    title: "STATUS",
    value: ({ status }) => status,
    style: ({ status }) => styleOfStatus(status),
    cut: 1,
  },
  { title: "NAME", value: ({ workflowName }) => workflowName, cut: 3 },
  { title: "QUEUE", value: ({ queueName }) => queueName, cut: 2 },
  { title: "CREATED", value: ({ createdAt }) => formatTime(createdAt) },
  {
    title: "TOOK",
    value: ({ createdAt, completedAt }) => completedAt && formatDuration(completedAt - createdAt),
  },
  {
    title: "INPUT",
    value: ({ input }) => input === undefined ? "" : toReadableLine(input),
    cut: 5,
  },
  {
    title: "RESULT",
    value: ({ output, error }) =>
      error ? describeError(error) : output === undefined ? "" : toReadableLine(output),
    cut: 6,
  },
];

function describeError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : toReadableLine(error);
}

interface ListFlags extends CommonFlags, FilterFlags {
  readonly limit?: number;
  readonly offset?: number;
  readonly all?: boolean;
  readonly oldestFirst?: boolean;
  readonly values?: boolean;
}

async function printAll(client: Client, flags: ListFlags, options: object): Promise<void> {
  const { iterateWorkflows } = await import("../../lists/list.ts");
  let page: WorkflowStatus[] = [];
  for await (const status of iterateWorkflows(client, options)) {
    page.push(status);
    if (page.length < 100) continue;
    await printRecords(flags, page, workflowColumns);
    page = [];
  }
  await printRecords(flags, page, workflowColumns);
}

export const list: CliCommand = buildCommand({
  docs: describe(
    "list",
    "",
    "Workflows must match all filters. It lists 100 of them unless --limit or --all says otherwise.",
    "dbos-client list --status ERROR --start-time 1d",
    "dbos-client list -q tasks -s ENQUEUED,PENDING --oldest-first",
    "dbos-client list --all --values | jq .input",
  ),
  parameters: {
    flags: {
      ...filterFlags,
      limit: numberFlag("How many to list at most, by default 100", "count"),
      offset: numberFlag("How many to skip", "count"),
      all: switchFlag("List all of them, however many there are"),
      oldestFirst: switchFlag("List the oldest first"),
      values: switchFlag("Read their arguments, results and errors as well"),
      ...commonFlags,
    },
    aliases: { ...filterAliases, ...commonAliases },
  },
  async func(flags: ListFlags) {
    if (flags.all && (flags.limit !== undefined || flags.offset !== undefined)) {
      throw new UsageError("Cannot use --limit or --offset with --all");
    }
    const filters = await toFilters(flags);
    await withClient(flags, async (client) => {
      const options = {
        ...filters,
        sortDesc: !flags.oldestFirst,
        loadInput: flags.values ?? false,
        loadOutput: flags.values ?? false,
      };
      if (flags.all) return await printAll(client, flags, options);
      const { listWorkflows } = await import("../../lists/list.ts");
      const { limit = 100, offset = 0 } = flags;
      const statuses = await listWorkflows(client, { ...options, limit, offset });
      await printRecords(flags, statuses, workflowColumns);
    });
  },
});

/** The lines of a status for people, one for each of its fields. */
function formatStatus(status: WorkflowStatus): string {
  const names = Object.keys(status) as (keyof WorkflowStatus)[];
  const width = Math.max(...names.map((name) => name.length));
  const isTime = (name: string) => /At$|EpochMS$/.test(name);
  return names.filter((name) => status[name] !== "").map((name) => {
    const value = status[name];
    let text: string;
    if (name === "error") text = escapeLines(describeError(value));
    else if (isTime(name)) text = formatTime(Number(value));
    else text = toReadableLine(value);
    const style = name === "status" ? styleOfStatus(status.status) : undefined;
    return `${stdout.paint("bold", name.padEnd(width))}  ${
      style ? stdout.paint(style, text) : text
    }`;
  }).join("\n");
}

export const show: CliCommand = buildCommand({
  docs: describe(
    "show",
    "WORKFLOW_ID",
    "",
    "dbos-client show task-7",
    "dbos-client show task-7 | jq .output",
  ),
  parameters: {
    flags: { ...commonFlags },
    aliases: { ...commonAliases },
    positional: { kind: "tuple", parameters: [workflowIDParameter] },
  },
  func: (flags: CommonFlags, workflowID: string) =>
    withClient(flags, async (client) => {
      const { getStatus } = await import("../../workflows/workflow_status.ts");
      const status = await getStatus(client, workflowID);
      if (!status) {
        throw new CliError(`Cannot show workflow ${workflowID}: there is no such workflow`);
      }
      await printRecord(flags, status, () => formatStatus(status));
    }),
});

interface StepsFlags extends CommonFlags {
  readonly limit?: number;
  readonly offset?: number;
}

export const steps: CliCommand = buildCommand({
  docs: describe(
    "steps",
    "WORKFLOW_ID",
    "",
    "dbos-client steps task-7",
    "dbos-client steps task-7 --limit 20",
  ),
  parameters: {
    flags: {
      limit: numberFlag("How many to list at most", "count"),
      offset: numberFlag("How many to skip", "count"),
      ...commonFlags,
    },
    aliases: { ...commonAliases },
    positional: { kind: "tuple", parameters: [workflowIDParameter] },
  },
  func: (flags: StepsFlags, workflowID: string) =>
    withClient(flags, async (client) => {
      const { listWorkflowSteps } = await import("../../lists/steps.ts");
      const found = await listWorkflowSteps(client, workflowID, {
        ...pickOptions(flags, "limit", "offset"),
      });
      if (!found) {
        throw new CliError(
          `Cannot list the steps of workflow ${workflowID}: there is no such workflow`,
        );
      }
      await printRecords(flags, found, [
        { title: "STEP", value: ({ functionID }) => functionID, isRight: true },
        { title: "NAME", value: ({ name }) => name, cut: 1 },
        { title: "STARTED", value: ({ startedAtEpochMs }) => formatTime(startedAtEpochMs) },
        {
          title: "TOOK",
          value: ({ startedAtEpochMs: start, completedAtEpochMs: end }) =>
            start !== undefined && end !== undefined ? formatDuration(end - start) : "",
        },
        { title: "CHILD", value: ({ childWorkflowID }) => childWorkflowID, cut: 2 },
        {
          title: "RESULT",
          value: ({ output, error }) =>
            error ? describeError(error) : output === null ? "" : toReadableLine(output),
          style: ({ error }) => error ? "red" : undefined,
          cut: 3,
        },
      ]);
    }),
});

export const explain: CliCommand = buildCommand({
  docs: describe("explain", "WORKFLOW_ID", "", "dbos-client explain task-7"),
  parameters: {
    flags: { ...commonFlags },
    aliases: { ...commonAliases },
    positional: { kind: "tuple", parameters: [workflowIDParameter] },
  },
  func: (flags: CommonFlags, workflowID: string) =>
    withClient(flags, async (client) => {
      const { explainWorkflow } = await import("../../workflows/explain_workflow.ts");
      const explanation = await explainWorkflow(client, workflowID);
      if (explanation.reason === "not_found" && !isJson(flags)) {
        throw new CliError(explanation.message);
      }
      await printRecord(flags, explanation, () => escapeLines(explanation.message));
      if (explanation.reason === "not_found") {
        throw new CliError(`Cannot explain workflow ${workflowID}: there is no such workflow`);
      }
    }),
});

const groups = [
  "status",
  "workflowName",
  "queueName",
  "executorId",
  "applicationName",
  "applicationVersion",
] as const;

interface CountFlags extends CommonFlags, FilterFlags {
  readonly groupBy?: readonly (typeof groups)[number][];
  readonly timeBucketMs?: number;
}

export const count: CliCommand = buildCommand({
  docs: describe(
    "count",
    "",
    "It has the filters of list. Without --group-by it prints one number.",
    "dbos-client count --status ERROR --start-time 1h",
    "dbos-client count --group-by status,queueName",
    "dbos-client count --group-by status --time-bucket-ms 3600000",
  ),
  parameters: {
    flags: {
      ...filterFlags,
      groupBy: {
        kind: "enum",
        values: groups,
        optional: true,
        variadic: ",",
        brief: "Fields to group by, such as status,queueName",
      },
      timeBucketMs: numberFlag(
        "Also group by the time of creation, in buckets of that length",
        "ms",
        asInteger(1),
      ),
      ...commonFlags,
    },
    aliases: { ...filterAliases, g: "groupBy", ...commonAliases },
  },
  async func(flags: CountFlags) {
    const filters = await toFilters(flags);
    await withClient(flags, async (client) => {
      const { countWorkflows } = await import("../../lists/count.ts");
      const counts = await countWorkflows(client, {
        ...filters,
        ...pickOptions(flags, "groupBy", "timeBucketMs"),
      });
      const { groupBy = [] } = flags;
      await printRecords(flags, counts, [
        { title: "TIME", value: ({ timeBucket }) => formatTime(timeBucket) },
        ...groupBy.map((field) => ({
          title: field.replaceAll(/[A-Z]/g, " $&").toUpperCase(),
          value: (item: (typeof counts)[number]) => item[field] ?? "-",
        })),
        { title: "COUNT", value: ({ count }) => count, isRight: true },
      ]);
    });
  },
});
