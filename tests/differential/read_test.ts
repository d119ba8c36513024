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

/** Moves input and outcome to where releases before 5.0 have them. */
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

const unclaimed = {
  "value.applicationVersion":
    "what is not set is undefined in ours; the official client gives null",
};
const localStack = "the portable format has no stack: each client tells where it made the error";
const parsedError = "the official getStatus() gives the stored JSON of a portable error as message";

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
  statusDifferences[workflowID] = unclaimed;
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

testDifferential("getStatus() tells", [
  ...[...succeeded, ...failed, ...unfinished, "nobody"].map(readStatus),
  ...[...succeeded, ...failed].map((workflowID) => ({
    ...readStatus(workflowID),
    name: `${workflowID}, stored as in older releases`,
    ...asInOlderReleases,
  })),
]);
testDifferential("getResult() gives", [
  ...[...succeeded, ...failed].map(readResult),
  ...[...succeeded, ...failed].map((workflowID) => ({
    ...readResult(workflowID),
    name: `${workflowID}, stored as in older releases`,
    ...asInOlderReleases,
  })),
]);
testDifferential("getEvent() gives", [
  readEvent("published", "progress"),
  readEvent("published-portable", "progress"),
  readEvent("published", "never set"),
  readEvent("nobody", "progress"),
]);
