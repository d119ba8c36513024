/** The flags that choose workflows. */

import type { FlagParametersForType } from "@stricli/core";
import type { WorkflowFilters } from "../lists/workflow_filters.ts";
import { asTime, numberFlag, pickOptions, switchFlag, textFlag, textsFlag } from "./flags.ts";
import { readObject } from "./input.ts";

/** The flags of the filters of lists and counts. */
export interface FilterFlags {
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

export const filterFlags: FlagParametersForType<FilterFlags> = {
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
};

export const filterAliases = { s: "status", n: "workflowName", q: "queueName" } as const;

/** The filters that the flags stand for. */
export async function toFilters(flags: FilterFlags): Promise<WorkflowFilters> {
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
