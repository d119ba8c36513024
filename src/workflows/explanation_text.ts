/** Finds the reason of an explanation, and puts it into words. */

import type { explainWorkflow } from "../../sql/explanations/mod.ts";
import type { ExplanationReason, LimitUse } from "../explanation.ts";
import { reservedQueuePrefix } from "./enqueue_options.ts";

type Row = NonNullable<typeof explainWorkflow.row>;

/** Names that are registered, and similar to names that are not. */
interface NearestNames {
  readonly nearestQueueName: string | undefined;
  readonly nearestApplicationName: string | undefined;
}

/** A reason, and a text that follows the name of the workflow. */
interface Explained {
  readonly reason: ExplanationReason;
  readonly text: string;
}

const maxCounted = 1000;
const maxDateMs = 8.64e15;

function formatTime(epochMs: string | number): string {
  const ms = Number(epochMs);
  return Math.abs(ms) <= maxDateMs ? new Date(ms).toISOString() : `${ms} ms after 1970`;
}

/** A number of workflows, with the verb for it. */
function count(workflows: number, place: string, one: string, several: string): string {
  return workflows === 1
    ? `1 workflow of ${place} ${one}`
    : `${workflows} workflows of ${place} ${several}`;
}

function suggest(nearest: string | undefined): string {
  return nearest === undefined ? "" : ` (the most similar one that is registered is ${nearest})`;
}

/** The limits of a queue, which the statement returns as JSON. */
export function toLimits(limits: string | null): LimitUse[] | undefined {
  if (limits === null) return undefined;
  type StoredLimit = LimitUse & { used: number | null; freeAt: number | null };
  return (JSON.parse(limits) as StoredLimit[]).map(({ name, max, used, freeAt }) => ({
    name,
    max,
    used: used ?? 0,
    ...(freeAt !== null && { freeAt }),
  }));
}

function explainLimit(
  { name, max, used, freeAt }: LimitUse,
  { queue_name, queue_partition_key }: Row,
): Explained {
  const isRate = /rateLimit$/i.test(name);
  if (max === 0) {
    const reason = isRate ? "rate_limit" : "concurrency_limit";
    return { reason, text: `${name} of queue ${queue_name} is 0, so no workflow of it is started` };
  }
  const place = /^partition/.test(name)
    ? `partition ${queue_partition_key} of queue ${queue_name}`
    : `queue ${queue_name}`;
  if (isRate) {
    return {
      reason: "rate_limit",
      text:
        `${count(used, place, "was", "were")} started in the current period, and ${name} allows ` +
        `${max}. The next one can be started at ${formatTime(freeAt!)}`,
    };
  }
  const where = /workerConcurrency$/i.test(name) ? " on every worker that runs any" : "";
  return {
    reason: "concurrency_limit",
    text:
      `${count(used, place, "is", "are")} PENDING${where}, and ${name} allows ${max}. Raise the ` +
      "limit, or look for workflows that do not end with listQueuedWorkflows()",
  };
}

/** Why a worker does not take an enqueued workflow, if the database tells. */
function findBlockingReason(row: Row, nearest: NearestNames): Explained | undefined {
  const { queue_name: queue, application_name: application, application_version: version } = row;
  // Every worker takes workflows from the queues of DBOS itself, which are in no table.
  const isInternal = queue?.startsWith(reservedQueuePrefix) ?? false;
  if (application !== null && row.is_application_registered === false) {
    return {
      reason: "application_not_registered",
      text: `it belongs to application ${application}, which has registered nothing in this ` +
        `database${
          suggest(nearest.nearestApplicationName)
        }. Only workers of that application, or of none, take it`,
    };
  }
  if (queue === null) return { reason: "queue_not_registered", text: "it has no queue" };
  if (row.is_queue_registered === false && !row.is_queue_in_use && !isInternal) {
    return {
      reason: "queue_not_registered",
      text:
        `no application has registered that queue${suggest(nearest.nearestQueueName)}. Register ` +
        "it with registerQueue(). Only workers of older DBOS releases can have queues that are not " +
        "registered",
    };
  }
  const owner = row.queue_application_name;
  if (owner !== null && application !== null && owner !== application) {
    return {
      reason: "queue_of_another_application",
      text:
        `it belongs to application ${application}, and queue ${queue} to application ${owner}. ` +
        "The workers of neither take it",
    };
  }
  if (row.is_queue_partitioned && row.queue_partition_key === null) {
    return {
      reason: "partition_key_missing",
      text: `queue ${queue} is partitioned, and runs only workflows with a queuePartitionKey. ` +
        "Cancel it, and enqueue it with one",
    };
  }
  if (row.is_version_registered === false) {
    return {
      reason: "version_not_registered",
      text:
        `only workers of application version ${version} take it, and none has registered that ` +
        `version. The latest version is ${row.latest_version}`,
    };
  }
  const limit = toLimits(row.limits)?.find(({ max, used }) => used >= max);
  if (limit) return explainLimit(limit, row);
  if (row.is_version_registered && version !== row.latest_version) {
    return {
      reason: "version_not_latest",
      text:
        `only workers of application version ${version} take it, and there may be none any more: ` +
        `the latest version is ${row.latest_version}`,
    };
  }
}

/** Which workers take an enqueued workflow that nothing holds back. */
function explainWait(row: Row): Explained {
  const application = row.application_name ?? row.queue_application_name;
  const version = row.application_version ?? row.latest_version;
  const who = [
    application === null ? undefined : `of application ${application}`,
    version === null ? undefined : `of version ${version}`,
  ].filter((part) => part !== undefined).join(" ");
  const unknown = row.is_queue_registered === null
    ? ". This schema does not tell which queues there are, and their limits"
    : "";
  const key = row.is_queue_partitioned === false && row.queue_partition_key !== null
    ? ". The queue is not partitioned, so the partition key has no effect"
    : "";
  return {
    reason: "waiting_for_worker",
    text:
      `nothing holds it back, and a worker ${who && `${who} `}takes it when it next polls the ` +
      `queue. If none does, no such worker is running, or it does not listen to the queue${unknown}` +
      key,
  };
}

function explainEnqueued(row: Row, nearest: NearestNames): Explained {
  const { reason, text } = findBlockingReason(row, nearest) ?? explainWait(row);
  const ahead = row.workflows_ahead ?? 0;
  const position = ahead === 0
    ? ""
    : `, behind ${ahead === maxCounted ? "at least " : ""}${ahead} ${
      ahead === 1 ? "other" : "others"
    }`;
  const queue = row.queue_name === null ? "" : ` on queue ${row.queue_name}`;
  const since = formatTime(row.since_epoch_ms!);
  return { reason, text: `has been ENQUEUED${queue} since ${since}${position}: ${text}` };
}

function explainDelayed({ delay_until_epoch_ms, now_epoch_ms }: Row): Explained {
  const until = formatTime(delay_until_epoch_ms!);
  const isOver = Number(delay_until_epoch_ms) <= Number(now_epoch_ms);
  const text = isOver
    ? `is DELAYED, although its delay ended at ${until}: a worker of its application puts it on its ` +
      "queue within a second or so. If none does, none is running"
    : `is DELAYED until ${until}`;
  return { reason: "delayed", text };
}

function explainPending(row: Row): Explained {
  const attempts = Number(row.recovery_attempts);
  const executor = row.executor_id === null ? "a worker" : `worker ${row.executor_id}`;
  const version = row.application_version === null ? "" : ` of version ${row.application_version}`;
  return {
    reason: "pending",
    text: `has been PENDING since ${formatTime(row.since_epoch_ms!)}: ${executor}${version} has ` +
      `taken it${attempts > 1 ? `, at attempt ${attempts}` : ""}. It runs, sleeps or waits for a ` +
      "message; or the worker has stopped, does not know a workflow of the name " +
      `${row.name}, or cannot read the arguments, and says so in its log. listWorkflowSteps() shows ` +
      "how far it has come",
  };
}

const outcomes = new Map<string, Explained>(Object.entries({
  SUCCESS: { reason: "succeeded", text: "ended with a result" },
  ERROR: { reason: "failed", text: "ended with an error" },
  CANCELLED: { reason: "cancelled", text: "was cancelled" },
  MAX_RECOVERY_ATTEMPTS_EXCEEDED: {
    reason: "max_recovery_attempts_exceeded",
    text: "was given up by DBOS, because it exceeded its maximum recovery attempts",
  },
}));

type Explain = (row: Row, nearest: NearestNames) => Explained;

const inFlight = new Map<string, Explain>(Object.entries({
  ENQUEUED: explainEnqueued,
  DELAYED: explainDelayed,
  PENDING: explainPending,
}));

/** The reason that a row of sql/explanations/explain_workflow.sql tells, in words. */
export function explainRow(row: Row, nearest: NearestNames): Explained {
  const { status, since_epoch_ms: since, deadline_epoch_ms: deadline } = row;
  if (status === null) {
    return {
      reason: "not_found",
      text:
        "Check the ID, the database and the schema. It is there after the commit of its transaction, " +
        "and on a standby when that has replayed it",
    };
  }
  const outcome = outcomes.get(status);
  if (outcome) {
    return {
      ...outcome,
      text: `${outcome.text}${since === null ? "" : ` at ${formatTime(since)}`}`,
    };
  }
  const explainStatus = inFlight.get(status);
  if (!explainStatus) return { reason: "unknown_status", text: `has the status ${status}` };
  if (deadline !== null && Number(deadline) <= Number(row.now_epoch_ms)) {
    return {
      reason: "deadline_passed",
      text:
        `is ${status}, although its deadline passed at ${formatTime(deadline)}: a worker of its ` +
        "application cancels it, and none has done so yet",
    };
  }
  const { reason, text } = explainStatus(row, nearest);
  return {
    reason,
    text: deadline === null ? text : `${text}. DBOS cancels it at ${formatTime(deadline)}`,
  };
}
