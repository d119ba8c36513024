/** Commands about what applications have registered: queues, schedules and versions. */

import { buildCommand } from "@stricli/core";
import type { Client } from "../../client/client.ts";
import { UnsupportedFeatureError } from "../../errors/database.ts";
import type { Queue } from "../../queues/queues.ts";
import { type CliCommand, describe } from "../command.ts";
import { withClient } from "../connection.ts";
import { commonAliases, type CommonFlags, commonFlags, textFlag } from "../flags.ts";
import { printRecords } from "../table.ts";
import { formatDuration, formatTime } from "../text.ts";

/** A queue, and the workflows on it. */
export interface QueueLoad extends Partial<Queue> {
  readonly name: string;
  readonly isRegistered: boolean;
  readonly enqueued: number;
  readonly pending: number;
  readonly delayed: number;
  /** When the oldest enqueued workflow was created, in milliseconds since 1970; null if there is none. */
  readonly oldestCreatedAt: number | null;
  /** The longest that a workflow waited which was started in the last hour; null if none was. */
  readonly maxWaitMs: number | null;
}

async function listRegistered(client: Client): Promise<Queue[]> {
  const { listQueues } = await import("../../queues/queues.ts");
  try {
    return await listQueues(client);
  } catch (error) {
    // Older schemas do not know queues.
    if (error instanceof UnsupportedFeatureError) return [];
    throw error;
  }
}

/** The queues that are registered or hold workflows, and how many workflows wait on each. */
export async function findQueueLoads(client: Client): Promise<QueueLoad[]> {
  const { countWorkflows } = await import("../../lists/count.ts");
  const [registered, waiting, started] = await Promise.all([
    listRegistered(client),
    countWorkflows(client, {
      queuesOnly: true,
      groupBy: ["queueName", "status"],
      select: ["minCreatedAt"],
    }),
    countWorkflows(client, {
      dequeuedAfter: Date.now() - 3_600_000,
      groupBy: ["queueName"],
      select: ["maxQueueWaitMs"],
    }),
  ]);
  const names = new Set(registered.map(({ name }) => name));
  for (const { queueName } of waiting) if (queueName != null) names.add(queueName);
  return [...names].map((name) => {
    const queue = registered.find((queue) => queue.name === name);
    const groupOf = (status: string) =>
      waiting.find((group) => group.queueName === name && group.status === status);
    return {
      ...queue,
      name,
      isRegistered: queue !== undefined,
      enqueued: groupOf("ENQUEUED")?.count ?? 0,
      pending: groupOf("PENDING")?.count ?? 0,
      delayed: groupOf("DELAYED")?.count ?? 0,
      oldestCreatedAt: groupOf("ENQUEUED")?.minCreatedAt ?? null,
      maxWaitMs: started.find(({ queueName }) => queueName === name)?.maxQueueWaitMs ?? null,
    };
  });
}

function describeLimits(queue: QueueLoad): string {
  const { globalConcurrency, workerConcurrency, partitionConcurrency, rateLimit } = queue;
  return [
    globalConcurrency !== undefined && `${globalConcurrency} at once`,
    workerConcurrency !== undefined && `${workerConcurrency} per worker`,
    partitionConcurrency !== undefined && `${partitionConcurrency} per partition`,
    rateLimit && `${rateLimit.limitPerPeriod} in ${rateLimit.periodSec} s`,
    !queue.isRegistered && "not registered",
  ].filter(Boolean).join(", ");
}

export const queues: CliCommand = buildCommand({
  docs: describe(
    "queues",
    "",
    "OLDEST is how long the oldest enqueued workflow has waited, LONGEST WAIT the longest time that " +
      "one waited which was started in the last hour.",
    "dbos-client queues",
    "dbos-client queues | jq 'select(.enqueued > 100) | .name'",
  ),
  parameters: { flags: { ...commonFlags }, aliases: { ...commonAliases } },
  func: (flags: CommonFlags) =>
    withClient(flags, async (client) => {
      const loads = await findQueueLoads(client);
      const now = Date.now();
      await printRecords(flags, loads, [
        { title: "QUEUE", value: ({ name }) => name },
        { title: "ENQUEUED", value: ({ enqueued }) => enqueued, isRight: true },
        { title: "PENDING", value: ({ pending }) => pending, isRight: true },
        { title: "DELAYED", value: ({ delayed }) => delayed, isRight: true },
        {
          title: "OLDEST",
          value: ({ oldestCreatedAt: at }) => at === null ? "" : formatDuration(now - at),
          isRight: true,
        },
        {
          title: "LONGEST WAIT",
          value: ({ maxWaitMs }) => formatDuration(maxWaitMs),
          isRight: true,
        },
        {
          title: "LIMITS",
          value: describeLimits,
          style: ({ isRegistered }) => isRegistered ? undefined : "yellow",
          cut: 1,
        },
        { title: "APPLICATION", value: ({ applicationName }) => applicationName, cut: 2 },
      ]);
    }),
});

export const schedules: CliCommand = buildCommand({
  docs: describe("schedules", "", "", "dbos-client schedules"),
  parameters: { flags: { ...commonFlags }, aliases: { ...commonAliases } },
  func: (flags: CommonFlags) =>
    withClient(flags, async (client) => {
      const { listSchedules } = await import("../../schedules/schedules.ts");
      await printRecords(flags, await listSchedules(client), [
        { title: "SCHEDULE", value: ({ scheduleName }) => scheduleName },
        {
          title: "STATUS",
          value: ({ status }) => status,
          style: ({ status }) => status === "PAUSED" ? "yellow" : undefined,
        },
        { title: "CRON", value: ({ schedule }) => schedule },
        { title: "TIME ZONE", value: ({ cronTimezone }) => cronTimezone, cut: 3 },
        { title: "WORKFLOW", value: ({ workflowName }) => workflowName, cut: 1 },
        { title: "QUEUE", value: ({ queueName }) => queueName, cut: 2 },
        { title: "LAST FIRED", value: ({ lastFiredAt }) => lastFiredAt },
        { title: "APPLICATION", value: ({ applicationName }) => applicationName, cut: 4 },
      ]);
    }),
});

interface VersionsFlags extends CommonFlags {
  readonly setLatest?: string;
}

export const versions: CliCommand = buildCommand({
  docs: describe(
    "versions",
    "",
    "The latest is the first: its workers run workflows that were enqueued without a version.",
    "dbos-client versions",
    "dbos-client versions --set-latest 1.4.0   # roll back",
  ),
  parameters: {
    flags: {
      setLatest: textFlag("Make this version the latest", "version"),
      ...commonFlags,
    },
    aliases: { ...commonAliases },
  },
  func: (flags: VersionsFlags) =>
    withClient(flags, async (client) => {
      const { listApplicationVersions, setLatestApplicationVersion } = await import(
        "../../applications/versions.ts"
      );
      if (flags.setLatest !== undefined) {
        await setLatestApplicationVersion(client, flags.setLatest);
      }
      await printRecords(flags, await listApplicationVersions(client), [
        { title: "VERSION", value: ({ versionName }) => versionName },
        { title: "LATEST SINCE", value: ({ versionTimestamp }) => formatTime(versionTimestamp) },
        { title: "REGISTERED", value: ({ createdAt }) => formatTime(createdAt) },
        { title: "APPLICATION", value: ({ applicationName }) => applicationName },
      ]);
    }),
});
