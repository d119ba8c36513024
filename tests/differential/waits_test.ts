import type { DBOSClient } from "@dbos-inc/dbos-sdk";
import { waitAll, waitEach, waitFirst } from "../../mod.ts";
import { type DifferentialCase, testDifferential } from "./differential.ts";

const ended = ["succeeded", "failed-portable", "cancelled", "given-up", "native-values"];

function first(workflowIDs: string[]): Pick<DifferentialCase, "official" | "ours"> {
  return {
    official: (client) => client.waitFirst(toHandles(client, workflowIDs)),
    ours: (client) => waitFirst(client, workflowIDs),
  };
}

function all(workflowIDs: string[]): Pick<DifferentialCase, "official" | "ours"> {
  return {
    official: (client) => client.waitAll(toHandles(client, workflowIDs)),
    ours: (client) => waitAll(client, workflowIDs),
  };
}

function toHandles(client: DBOSClient, workflowIDs: string[]) {
  return workflowIDs.map((workflowID) => client.retrieveWorkflow(workflowID));
}

const acceptsDuplicates =
  "our client accepts a workflow that is given twice, and waits for it once";

testDifferential("waitFirst()", [
  ...ended.map((workflowID) => ({
    name: `${workflowID}, which is the only one that has ended`,
    ...first(["waiting", "nobody", workflowID, "delayed"]),
  })),
  {
    name: "a workflow that is given twice",
    ...first(["succeeded", "succeeded"]),
    differences: { error: acceptsDuplicates, value: acceptsDuplicates },
  },
]);
testDifferential("waitAll()", [
  { name: "no workflows", ...all([]) },
  { name: "workflows that have ended with any status", ...all(ended) },
  { name: "a workflow that is given twice", ...all(["failed", "succeeded", "failed"]) },
]);

const localStack = "the portable format has no stack: each client adds its own";

// The official client has no such function. It is compared with getResult() of each workflow.
testDifferential("waitEach()", [
  ...[...ended, "failed", "empty"].map((workflowID): DifferentialCase => ({
    name: `the outcome of ${workflowID}`,
    official: (client) => client.retrieveWorkflow(workflowID).getResult(),
    async ours(client) {
      for await (const outcome of waitEach(client, [workflowID])) {
        if (outcome.status === "SUCCESS") return outcome.result;
        throw outcome.error;
      }
    },
    differences: workflowID === "failed-portable" ? { "error.stack": localStack } : {},
  })),
]);
