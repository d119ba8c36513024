import { getEvent, getResult, getStatus } from "../../mod.ts";
import { type DifferentialCase, testDifferential } from "./differential.ts";

const succeeded = [
  "succeeded",
  "succeeded-portable",
  "empty",
  "empty-portable",
  "native-values",
  "published",
  "published-portable",
  "attributed",
];
const failed = ["failed", "failed-portable", "cancelled", "given-up"];
const unfinished = ["waiting", "delayed", "holder"];

/** Moves input and outcome to the columns that releases before 5.0 use. */
const asInOlderReleases: Pick<DifferentialCase, "prepare"> = {
  prepare: async (query) => {
    await query(`update dbos.workflow_status as ws set inputs = wi.inputs
      from dbos.workflow_input as wi where wi.workflow_uuid = ws.workflow_uuid`);
    await query(`update dbos.workflow_status as ws set output = wo.output, error = wo.error
      from dbos.workflow_output as wo where wo.workflow_uuid = ws.workflow_uuid`);
    await query("delete from dbos.workflow_input");
    await query("delete from dbos.workflow_output");
  },
};

const noVersion = {
  "value.applicationVersion":
    "a version that is not set is undefined in our client, and null in the official one",
};
const localStack = "the portable format has no stack: each client adds its own";
const parsedError =
  "the official getStatus() returns the stored JSON of a portable error as the message";

const statusDifferences: Record<string, Record<string, string>> = {
  "failed-portable": {
    "value.error.name": parsedError,
    "value.error.message": parsedError,
    "value.error.code": parsedError,
    "value.error.data": parsedError,
    "value.error.stack": localStack,
  },
};
for (const workflowID of ["waiting", "delayed", "holder", "cancelled", "given-up"]) {
  statusDifferences[workflowID] = noVersion;
}
const resultDifferences: Record<string, Record<string, string>> = {
  "failed-portable": { "error.stack": localStack },
};

function readStatus(workflowID: string): DifferentialCase {
  return {
    name: workflowID,
    official: (client) => client.retrieveWorkflow(workflowID).getStatus(),
    ours: (client) => getStatus(client, workflowID),
    differences: statusDifferences[workflowID] ?? {},
  };
}

function readResult(workflowID: string): DifferentialCase {
  return {
    name: workflowID,
    official: (client) => client.retrieveWorkflow(workflowID).getResult(),
    ours: (client) => getResult(client, workflowID),
    differences: resultDifferences[workflowID] ?? {},
  };
}

function readEvent(workflowID: string, key: string): DifferentialCase {
  return {
    name: `${key} of ${workflowID}`,
    official: (client) => client.getEvent(workflowID, key, { timeoutSeconds: 0.1 }),
    ours: (client) => getEvent(client, workflowID, key, { timeoutSeconds: 0.1 }),
  };
}

testDifferential("getStatus()", [
  ...[...succeeded, ...failed, ...unfinished, "nobody"].map(readStatus),
  ...[...succeeded, ...failed].map((workflowID) => ({
    ...readStatus(workflowID),
    name: `${workflowID}, stored as in older releases`,
    ...asInOlderReleases,
  })),
]);
testDifferential("getResult()", [
  ...[...succeeded, ...failed].map(readResult),
  ...[...succeeded, ...failed].map((workflowID) => ({
    ...readResult(workflowID),
    name: `${workflowID}, stored as in older releases`,
    ...asInOlderReleases,
  })),
]);
testDifferential("getEvent()", [
  readEvent("published", "progress"),
  readEvent("published-portable", "progress"),
  readEvent("published", "never set"),
  readEvent("nobody", "progress"),
]);
