/** The command that lists workflows. */

import { buildCommand } from "@stricli/core";
import type { Client } from "../../client/client.ts";
import { iterateWorkflows, listWorkflows } from "../../lists/list.ts";
import type { WorkflowStatus } from "../../workflows/workflow_status.ts";
import { type CliCommand, describe } from "../command.ts";
import { withClient } from "../connection.ts";
import { UsageError } from "../errors.ts";
import { filterAliases, type FilterFlags, filterFlags, toFilters } from "../filters.ts";
import { commonAliases, type CommonFlags, commonFlags, numberFlag, switchFlag } from "../flags.ts";
import { type Column, printRecords, styleOfStatus } from "../table.ts";
import { formatDuration, formatError, formatTime, toReadableLine } from "../text.ts";

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
      error ? formatError(error) : output === undefined ? "" : toReadableLine(output),
    cut: 6,
  },
];

interface ListFlags extends CommonFlags, FilterFlags {
  readonly limit?: number;
  readonly offset?: number;
  readonly all?: boolean;
  readonly oldestFirst?: boolean;
  readonly values?: boolean;
}

async function printAll(client: Client, flags: ListFlags, options: object): Promise<void> {
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
      const { limit = 100, offset = 0 } = flags;
      const statuses = await listWorkflows(client, { ...options, limit, offset });
      await printRecords(flags, statuses, workflowColumns);
    });
  },
});
