import type { DBOSClient } from "@dbos-inc/dbos-sdk";
import {
  type Fork,
  forkWorkflow,
  type ForkWorkflowOptions,
  forkWorkflows,
  rewindWorkflow,
  type RewindWorkflowOptions,
} from "../../mod.ts";
import { type DifferentialCase, testDifferential } from "./differential.ts";

// The steps of "stepped" are 0 to 10.
const startSteps = Array.from({ length: 13 }, (_, step) => step);
const otherIDs = [
  "succeeded-portable",
  "failed",
  "cancelled",
  "given-up",
  "waiting",
  "delayed",
  "holder",
  "attributed",
  "published",
  "parent",
];

/** Moves the input to the column that releases before 5.0 use. */
const asInOlderReleases: Pick<DifferentialCase, "prepare"> = {
  async prepare(query) {
    await query(`update dbos.workflow_status as ws set inputs = wi.inputs
      from dbos.workflow_input as wi where wi.workflow_uuid = ws.workflow_uuid`);
    await query("delete from dbos.workflow_input");
  },
};

const attemptID =
  "our client recognizes its own row by it in a retry; the official client makes one attempt";

function fork(
  workflowID: string,
  startStep: number,
  options?: ForkWorkflowOptions,
): DifferentialCase {
  return {
    name: `${workflowID} from step ${startStep} with ${JSON.stringify(options ?? {})}`,
    official: (client) => client.forkWorkflow(workflowID, startStep, options),
    ours: async (client) => (await forkWorkflow(client, workflowID, startStep, options)).workflowID,
    differences: { "workflow_status.creator_xid": attemptID },
  };
}

/** Forks a batch. Only the system database of the official client has a method for it. */
function forkAll(forks: Required<Fork>[]): DifferentialCase {
  return {
    name: forks.map(({ workflowID, startStep }) => `${workflowID} from ${startStep}`).join(", "),
    official(client: DBOSClient) {
      const { systemDatabase } = client as unknown as {
        systemDatabase: { bulkForkWorkflows(...lists: unknown[]): Promise<string[]> };
      };
      return systemDatabase.bulkForkWorkflows(
        forks.map(({ workflowID }) => workflowID),
        forks.map(({ newWorkflowID }) => newWorkflowID),
        forks.map(({ startStep }) => startStep),
      );
    },
    ours: async (client) =>
      (await forkWorkflows(client, forks)).map(({ workflowID }) => workflowID),
    differences: forks.length > 0 ? { "workflow_status.creator_xid": attemptID } : {},
  };
}

const inUse = "the official client throws the driver's error, which would abort a transaction";
const inUseDifferences = Object.fromEntries(
  ["class", "name", "message", "code", "stack"].map((field) => [`error.${field}`, inUse]),
);

testDifferential("forkWorkflow() and forkWorkflows()", [
  ...startSteps.map((startStep) => fork("stepped", startStep)),
  ...otherIDs.map((workflowID) => fork(workflowID, 1)),
  fork("stepped", 8, {
    newWorkflowID: "new",
    applicationVersion: "v7",
    timeoutMS: 12_345,
    queueName: "other",
    queuePartitionKey: "north",
    replacementChildren: { "stepped-child": "other-child", "nobody": "another-child" },
  }),
  fork("stepped", 4, { replacementChildren: {} }),
  fork("parent", 1, { replacementChildren: { "parent-child": "text that ' needs \" care \\" } }),
  {
    ...fork("waiting", 0),
    name: "a workflow without an application, by a client of an application",
    applicationName: "shop",
  },
  { ...fork("stepped", 8), name: "a workflow of another application", applicationName: "shop" },
  {
    ...fork("attributed", 1),
    name: "an input in the column of older releases",
    ...asInOlderReleases,
  },
  {
    ...fork("stepped", 8),
    name: "a workflow that was forked before",
    prepare: (query) =>
      query(`update dbos.workflow_status set was_forked_from = true, forked_from = 'waiting'
        where workflow_uuid = 'stepped'`),
  },
  { ...fork("nobody", 0), differences: {} },
  {
    ...fork("stepped", 0, { newWorkflowID: "waiting" }),
    name: "to an ID that is in use",
    differences: inUseDifferences,
  },
  forkAll([]),
  forkAll([
    { workflowID: "stepped", startStep: 0, newWorkflowID: "new 1" },
    { workflowID: "stepped", startStep: 9, newWorkflowID: "new 2" },
    { workflowID: "parent", startStep: 1, newWorkflowID: "new 3" },
  ]),
  {
    ...forkAll([
      { workflowID: "stepped", startStep: 9, newWorkflowID: "new 1" },
      { workflowID: "nobody", startStep: 0, newWorkflowID: "new 2" },
    ]),
    differences: {},
  },
]);

function rewind(workflowID: string, options?: RewindWorkflowOptions): DifferentialCase {
  return {
    name: `${workflowID} with ${JSON.stringify(options ?? {})}`,
    official: (client) => client.rewindWorkflow(workflowID, options),
    ours: (client) => rewindWorkflow(client, workflowID, options),
    differences: { "workflow_status.creator_xid": attemptID },
  };
}

const active = "the official client throws its most general error class";
const activeDifferences = Object.fromEntries(
  ["name", "message", "stack"].map((field) => [`error.${field}`, active]),
);

testDifferential("rewindWorkflow()", [
  rewind("stepped"),
  ...startSteps.map((startStep) => rewind("stepped", { startStep })),
  ...["succeeded-portable", "failed", "cancelled", "given-up", "attributed", "parent"]
    .map((workflowID) => rewind(workflowID)),
  rewind("stepped", {
    startStep: 7,
    applicationVersion: "v7",
    queueName: "other",
    queuePartitionKey: "north",
  }),
  {
    ...rewind("failed"),
    name: "an outcome in the columns of older releases",
    async prepare(query) {
      await query(`update dbos.workflow_status as ws set output = wo.output, error = wo.error
        from dbos.workflow_output as wo where wo.workflow_uuid = ws.workflow_uuid`);
      await query("delete from dbos.workflow_output");
    },
  },
  ...["waiting", "delayed"].map((workflowID) => ({
    ...rewind(workflowID),
    differences: activeDifferences,
  })),
  {
    ...rewind("stepped"),
    name: "a running workflow",
    prepare: (query) =>
      query("update dbos.workflow_status set status = 'PENDING' where workflow_uuid = 'stepped'"),
    differences: activeDifferences,
  },
  { ...rewind("nobody"), differences: {} },
  {
    ...rewind("stepped", { startStep: 7 }),
    name: "the end of a stream as older releases and Go write it",
    async prepare(query) {
      await query("delete from dbos.streams where function_id < 10");
      await query(`update dbos.streams set value = '__DBOS_STREAM_CLOSED__', serialization = null
        where workflow_uuid = 'stepped'`);
    },
    differences: {
      "streams": "the official client recognizes the end of a stream in portable format only",
      "workflow_status.creator_xid": attemptID,
    },
  },
]);
