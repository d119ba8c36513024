import type { DBOSClient } from "@dbos-inc/dbos-sdk";
import {
  cancelWorkflow,
  cancelWorkflows,
  type CancelWorkflowsOptions,
  deleteWorkflow,
  deleteWorkflows,
  resumeWorkflow,
  resumeWorkflows,
  type ResumeWorkflowsOptions,
  setWorkflowDelay,
  type SetWorkflowDelayOptions,
  setWorkflowPriority,
} from "../../mod.ts";
import { type DifferentialCase, testDifferential } from "./differential.ts";

const workflowIDs = [
  "succeeded",
  "failed",
  "cancelled",
  "given-up",
  "waiting",
  "delayed",
  "holder",
  "attributed",
  "stepped",
  "parent",
  "parent-child",
  "nobody",
];

/** Marks the workflow `parent` and its descendants as running. */
const asRunning: Pick<DifferentialCase, "prepare"> = {
  prepare: (query) =>
    query(`update dbos.workflow_status set status = 'PENDING', owner_xid = 'owner',
      workflow_deadline_epoch_ms = 1, completed_at = null where workflow_uuid like 'parent%'`),
};

/** Makes the workflow `parent` a child of its own grandchild. */
const asCycle: Pick<DifferentialCase, "prepare"> = {
  async prepare(query) {
    await asRunning.prepare!(query);
    await query(`update dbos.workflow_status set parent_workflow_id = 'parent-child-child'
      where workflow_uuid = 'parent'`);
  },
};

const cancelledBefore =
  "our client keeps the times of an earlier cancellation, so that a retry changes nothing";

function cancel(ids: string[], options?: CancelWorkflowsOptions): DifferentialCase {
  return {
    name: `${ids.join(", ") || "none"} with ${JSON.stringify(options ?? {})}`,
    official: (client) => client.cancelWorkflows(ids, options),
    ours: (client) => cancelWorkflows(client, ids, options),
    differences: ids.includes("cancelled")
      ? {
        "workflow_status.completed_at": cancelledBefore,
        "workflow_status.updated_at": cancelledBefore,
      }
      : {},
  };
}

testDifferential("cancelWorkflow() and cancelWorkflows()", [
  ...workflowIDs.map((id) => cancel([id])),
  cancel([]),
  cancel(["waiting", "waiting", "nobody", "holder"]),
  {
    name: "one workflow",
    official: (client) => client.cancelWorkflow("waiting"),
    ours: (client) => cancelWorkflow(client, "waiting"),
  },
  { ...cancel(["parent"]), name: "a parent without its children", ...asRunning },
  {
    ...cancel(["parent"], { cancelChildren: true }),
    name: "a parent and its children",
    ...asRunning,
  },
  { ...cancel(["parent"], { cancelChildren: true }), name: "a cycle of children", ...asCycle },
  {
    ...cancel(["parent", "parent-child", "waiting"], { cancelChildren: true }),
    name: "the children of several workflows",
    ...asRunning,
  },
  cancel(["parent", "nobody"], { cancelChildren: true }),
]);

// The workflows that have not ended with a result or an error.
const resumable = ["cancelled", "given-up", "waiting", "delayed", "holder"];
const attemptID = {
  "workflow_status.creator_xid": "our client recognizes its own row by it in a retry",
};

function resume(ids: string[], options?: ResumeWorkflowsOptions): DifferentialCase {
  const isResumed = !ids.includes("nobody") && ids.some((id) => resumable.includes(id));
  return {
    name: `${ids.join(", ") || "none"} with ${JSON.stringify(options ?? {})}`,
    official: (client) => client.resumeWorkflows(ids, options),
    ours: (client) => resumeWorkflows(client, ids, options),
    differences: isResumed ? attemptID : {},
  };
}

testDifferential("resumeWorkflow() and resumeWorkflows()", [
  ...workflowIDs.map((id) => resume([id])),
  resume([]),
  resume(["cancelled", "waiting", "cancelled", "succeeded"], { queueName: "other" }),
  resume(["cancelled", "nobody", "waiting"]),
  { ...resume(["parent"]), name: "a running workflow", ...asRunning, differences: attemptID },
  {
    name: "one workflow",
    official: (client) => client.resumeWorkflow("cancelled", { queueName: "other" }),
    ours: (client) => resumeWorkflow(client, "cancelled", { queueName: "other" }),
    differences: attemptID,
  },
]);

function deleteAll(ids: string[], deleteChildren?: boolean): DifferentialCase {
  return {
    name: `${ids.join(", ") || "none"}${deleteChildren ? " with children" : ""}`,
    official: (client) => client.deleteWorkflows(ids, deleteChildren),
    ours: (client) => deleteWorkflows(client, ids, deleteChildren ? { deleteChildren } : {}),
  };
}

testDifferential("deleteWorkflow() and deleteWorkflows()", [
  ...workflowIDs.map((id) => deleteAll([id])),
  ...workflowIDs.map((id) => deleteAll([id], true)),
  deleteAll([]),
  deleteAll(["stepped", "waiting", "nobody", "waiting"]),
  { ...deleteAll(["parent"], true), name: "a cycle of children", ...asCycle },
  {
    name: "one workflow",
    official: (client) => client.deleteWorkflow("stepped", true),
    ours: (client) => deleteWorkflow(client, "stepped", { deleteChildren: true }),
  },
]);

testDifferential(
  "setWorkflowPriority()",
  workflowIDs.map((id) => ({
    name: id,
    official: (client) => client.setWorkflowPriority(id, 7),
    ours: (client) => setWorkflowPriority(client, id, 7),
  })),
);

function delay(
  id: string,
  toDelay: () => number | SetWorkflowDelayOptions,
  differences: Record<string, string> = {},
): DifferentialCase {
  return {
    name: `${id} by ${JSON.stringify(toDelay()).replace(/\d{13}/, "a time")}`,
    official: (client: DBOSClient) => client.setWorkflowDelay(id, toDelay()),
    ours: (client) => setWorkflowDelay(client, id, toDelay()),
    differences,
  };
}

const zeroDelay = "our client accepts a delay of 0, as enqueue() and Python do";
const zeroDifferences = {
  "error": zeroDelay,
  "workflow_status.delay_until_epoch_ms": zeroDelay,
  "workflow_status.updated_at": zeroDelay,
};
const eitherOr = "our client accepts only one of the two options, as Python does";

testDifferential("setWorkflowDelay()", [
  ...workflowIDs.map((id) => delay(id, () => 500)),
  delay("delayed", () => ({ delaySeconds: 500 })),
  delay("delayed", () => ({ delayUntilEpochMS: Date.now() + 500_000 })),
  delay("delayed", () => ({ delayUntilEpochMS: 5 })),
  delay("delayed", () => 0, zeroDifferences),
  delay("delayed", () => ({ delayUntilEpochMS: 0 }), zeroDifferences),
  delay("delayed", () => ({ delaySeconds: 1, delayUntilEpochMS: 1 }), {
    "error": eitherOr,
    "workflow_status.delay_until_epoch_ms": eitherOr,
    "workflow_status.updated_at": eitherOr,
  }),
]);
