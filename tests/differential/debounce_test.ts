import { type DBOSClient, DebouncerClient } from "@dbos-inc/dbos-sdk";
import { type Client, debounce, type DebounceOptions, type WorkflowArg } from "../../mod.ts";
import type { Query } from "./databases.ts";
import { type DifferentialCase, type OfficialOptions, testDifferential } from "./differential.ts";

type Options = OfficialOptions<DebounceOptions>;

interface Call {
  options?: Options;
  key?: string;
  periodMs?: number;
  args?: unknown[];
}

const echo = { workflowName: "echo", queueName: "idle" };
const longMs = 1_000_000;

/** The official debouncer takes these options in two objects. */
function toOfficial(client: DBOSClient, options: Options): DebouncerClient {
  const { workflowID, workflowTimeoutMS, appVersion, attributes, ...rest } = options;
  const { queueName = "idle", authenticatedUser, authenticatedRoles, ...config } = rest;
  return new DebouncerClient(client, {
    workflowName: "echo",
    serializationType: "portable",
    ...config,
    startWorkflowParams: {
      queueName,
      ...(workflowID && { workflowID }),
      ...(workflowTimeoutMS && { timeoutMS: workflowTimeoutMS }),
      ...(attributes && { workflowAttributes: attributes }),
      ...(authenticatedUser && { authenticatedUser }),
      ...(authenticatedRoles && { authenticatedRoles }),
      ...(appVersion && { enqueueOptions: { applicationVersion: appVersion } }),
    },
  });
}

function debounceOfficial(client: DBOSClient, { options = {}, key, periodMs, args }: Call) {
  return toOfficial(client, options).debounce(key ?? "key", periodMs ?? longMs, ...args ?? [1]);
}

function debounceOurs(client: Client, { options, key, periodMs, args }: Call) {
  return debounce(
    client,
    { ...echo, ...options },
    key ?? "key",
    periodMs ?? longMs,
    ...(args ?? [1]) as WorkflowArg[],
  );
}

/** Makes the calls one after another, and returns their handles. */
function debounceAll(...calls: Call[]): Pick<DifferentialCase, "official" | "ours"> {
  return {
    official: async (client) => {
      const handles = [];
      for (const call of calls) handles.push(await debounceOfficial(client, call));
      return handles;
    },
    ours: async (client) => {
      const handles = [];
      for (const call of calls) handles.push(await debounceOurs(client, call));
      return handles;
    },
  };
}

const attemptID = {
  "workflow_status.creator_xid": "our client recognizes its own row by it in a retry",
};

function toCase(name: string, ...calls: Call[]): DifferentialCase {
  return { name, ...debounceAll(...calls), differences: attemptID };
}

/** Makes a workflow hold the key that the cases use, and changes it. */
function hold(change: string): (query: Query) => Promise<unknown> {
  return (query) =>
    query(`update dbos.workflow_status set
      queue_name = 'idle', deduplication_id = '.echo-key', ${change}
      where workflow_uuid = 'delayed'`);
}

testDifferential(
  "debounce() with an unused key",
  [
    toCase("no option", {}),
    toCase("an ID", { options: { workflowID: "new" } }),
    toCase("a class", { options: { workflowName: "greet", workflowClassName: "Greeter" } }),
    toCase("a version", { options: { appVersion: "v7" } }),
    toCase("an application", { options: { applicationName: "shop" } }),
    toCase("a timeout", { options: { workflowTimeoutMS: 12_345 } }),
    toCase("attributes", { options: { attributes: { customer: 7 } } }),
    toCase("a user and roles", {
      options: { authenticatedUser: "ann", authenticatedRoles: ["ops"] },
    }),
    toCase("a deadline", { options: { debounceTimeoutMs: 2 * longMs } }),
    toCase("a deadline before the end of the period", {
      options: { debounceTimeoutMs: longMs / 2 },
    }),
    toCase("a native value", { options: { serializationType: "native" }, args: [new Date(5), 2n] }),
    toCase("a key with special characters", { key: "ä 'n\" \\ $1 :name %" }),
    toCase("several calls", { args: [1] }, { args: [2], periodMs: 2 * longMs }, { args: [] }),
    toCase("several keys", { key: "a" }, { key: "b" }, { key: "a", args: [2] }),
    toCase("several queues", {}, { options: { queueName: "other" } }),
    toCase(
      "several calls up to their deadline",
      { options: { debounceTimeoutMs: longMs }, periodMs: longMs / 4 },
      { periodMs: longMs / 2, args: [2] },
      { periodMs: 3 * longMs, args: [3] },
    ),
    toCase(
      "options that only count in the first call",
      { options: { attributes: { a: 1 } } },
      { options: { attributes: { a: 2 }, workflowID: "other", debounceTimeoutMs: 5 } },
    ),
    toCase("another format in the second call", { args: [1] }, {
      options: { serializationType: "native" },
      args: [2n],
    }),
    { ...toCase("the application of the client", {}), applicationName: "shop" },
    {
      ...toCase("another application", { options: { applicationName: "bank" } }),
      applicationName: "shop",
    },
    toCase("the ID of an existing workflow", { options: { workflowID: "waiting" } }),
  ].map((one) => one.name.startsWith("the ID of") ? { ...one, differences: {} } : one),
);

testDifferential("debounce() with a key that is in use", [
  {
    name: "by a workflow that is not debounced",
    prepare: hold("is_debounced = false"),
    ...debounceAll({}),
  },
  {
    name: "by a workflow of another name",
    prepare: hold("is_debounced = true, name = 'sum'"),
    ...debounceAll({}),
  },
  {
    name: "by a workflow of another class",
    prepare: hold("is_debounced = true, class_name = 'Other'"),
    ...debounceAll({}),
  },
  {
    name: "by a workflow of another application",
    applicationName: "shop",
    prepare: hold("is_debounced = true, application_name = 'bank'"),
    ...debounceAll({}),
  },
  {
    name: "by a workflow without an application",
    applicationName: "shop",
    prepare: hold("is_debounced = true, application_name = null"),
    ...debounceAll({ args: [2] }),
    differences: attemptID,
  },
  {
    name: "by a workflow of an application, for a client without one",
    prepare: hold("is_debounced = true, application_name = 'bank'"),
    ...debounceAll({ args: [2] }),
    differences: attemptID,
  },
  {
    name: "by a workflow whose input is in the column of older releases",
    prepare: async (query) => {
      await hold("is_debounced = true, inputs = '{}'")(query);
      await query(`delete from dbos.workflow_input where workflow_uuid = 'delayed'`);
    },
    ...debounceAll({ args: [2] }),
    differences: {
      ...attemptID,
      "workflow_status.inputs": "our client writes the new arguments here too, for older workers",
    },
  },
]);

testDifferential("debounce() with an invalid period", [
  ...[0, -1].map((periodMs) => ({
    name: `a period of ${periodMs}`,
    ...debounceAll({ periodMs }),
    differences: {
      "error.name": "our client throws a built-in class",
      "error.message": "our message differs",
      "error.stack": "it begins with the message",
    },
  })),
]);
