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

const permissive = "a workflow twice among others is still one workflow to wait for";

testDifferential("waitFirst() gives", [
  ...ended.map((workflowID) => ({
    name: `${workflowID}, which is the only one that has ended`,
    ...first(["waiting", "nobody", workflowID, "delayed"]),
  })),
  {
    name: "one that is there twice",
    ...first(["succeeded", "succeeded"]),
    differences: { error: permissive, value: permissive },
  },
]);
testDifferential("waitAll() gives", [
  { name: "none", ...all([]) },
  { name: "workflows that have ended in whatever way", ...all(ended) },
  { name: "a workflow twice", ...all(["failed", "succeeded", "failed"]) },
]);

const localStack = "the portable format has no stack: each client tells where it made the error";

// No official client has it: getResult() of each is what it stands for.
testDifferential("waitEach() tells", [
  ...[...ended, "failed", "empty"].map((workflowID): DifferentialCase => ({
    name: `how ${workflowID} ended`,
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
