import { type DBOSClient, DebouncerClient } from "@dbos-inc/dbos-sdk";
import { type Client, debounce, type DebounceOptions } from "../../mod.ts";
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

/** A debouncer of the official client has these options in two objects. */
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

function debounceOfficially(client: DBOSClient, { options = {}, key, periodMs, args }: Call) {
  return toOfficial(client, options).debounce(key ?? "key", periodMs ?? longMs, ...args ?? [1]);
}

function bounce(client: Client, { options, key, periodMs, args }: Call) {
  return debounce(
    client,
    { ...echo, ...options },
    key ?? "key",
    periodMs ?? longMs,
    ...args ?? [1],
  );
}

/** The calls one after another; what each gave. */
function debounceAll(...calls: Call[]): Pick<DifferentialCase, "official" | "ours"> {
  return {
    official: async (client) => {
      const handles = [];
      for (const call of calls) handles.push(await debounceOfficially(client, call));
      return handles;
    },
    ours: async (client) => {
      const handles = [];
      for (const call of calls) handles.push(await bounce(client, call));
      return handles;
    },
  };
}

/** A row made by our enqueue, which an attempt of it knows again. */
const ownMark = {
  "workflow_status.creator_xid": "tells an attempt that its own row is there",
};

function make(name: string, ...calls: Call[]): DifferentialCase {
  return { name, ...debounceAll(...calls), differences: ownMark };
}

/** Changes the holder of the key under which the cases debounce. */
function hold(change: string): (query: Query) => Promise<unknown> {
  return (query) =>
    query(`update dbos.workflow_status set
      queue_name = 'idle', deduplication_id = '.echo-key', ${change}
      where workflow_uuid = 'delayed'`);
}

testDifferential(
  "debounce() of a free key writes",
  [
    make("no option", {}),
    make("an ID", { options: { workflowID: "new" } }),
    make("a class", { options: { workflowName: "greet", workflowClassName: "Greeter" } }),
    make("a version", { options: { appVersion: "v7" } }),
    make("an application", { options: { applicationName: "shop" } }),
    make("a timeout", { options: { workflowTimeoutMS: 12_345 } }),
    make("attributes", { options: { attributes: { customer: 7 } } }),
    make("a user and roles", {
      options: { authenticatedUser: "ann", authenticatedRoles: ["ops"] },
    }),
    make("a deadline", { options: { debounceTimeoutMs: 2 * longMs } }),
    make("a deadline that is nearer", { options: { debounceTimeoutMs: longMs / 2 } }),
    make("a native value", { options: { serializationType: "native" }, args: [new Date(5), 2n] }),
    make("a key that needs care", { key: "ä 'n\" \\ $1 :name %" }),
    make("the last of several", { args: [1] }, { args: [2], periodMs: 2 * longMs }, { args: [] }),
    make("each of several keys", { key: "a" }, { key: "b" }, { key: "a", args: [2] }),
    make("each of several queues", {}, { options: { queueName: "other" } }),
    make(
      "several up to their deadline",
      { options: { debounceTimeoutMs: longMs }, periodMs: longMs / 4 },
      { periodMs: longMs / 2, args: [2] },
      { periodMs: 3 * longMs, args: [3] },
    ),
    make(
      "options of the first call only",
      { options: { attributes: { a: 1 } } },
      { options: { attributes: { a: 2 }, workflowID: "other", debounceTimeoutMs: 5 } },
    ),
    make("another format", { args: [1] }, { options: { serializationType: "native" }, args: [2n] }),
    { ...make("the application of the client", {}), applicationName: "shop" },
    {
      ...make("another application", { options: { applicationName: "bank" } }),
      applicationName: "shop",
    },
    make("the ID of a workflow that is there", { options: { workflowID: "waiting" } }),
  ].map((one) => one.name.startsWith("the ID of") ? { ...one, differences: {} } : one),
);

testDifferential("debounce() of a held key does", [
  {
    name: "with a workflow that is not debounced",
    prepare: hold("is_debounced = false"),
    ...debounceAll({}),
  },
  {
    name: "with a workflow of another name",
    prepare: hold("is_debounced = true, name = 'sum'"),
    ...debounceAll({}),
  },
  {
    name: "with a workflow of another class",
    prepare: hold("is_debounced = true, class_name = 'Other'"),
    ...debounceAll({}),
  },
  {
    name: "with a workflow of another application",
    applicationName: "shop",
    prepare: hold("is_debounced = true, application_name = 'bank'"),
    ...debounceAll({}),
  },
  {
    name: "with a workflow of no application",
    applicationName: "shop",
    prepare: hold("is_debounced = true, application_name = null"),
    ...debounceAll({ args: [2] }),
  },
  {
    name: "with a workflow of any application, for none",
    prepare: hold("is_debounced = true, application_name = 'bank'"),
    ...debounceAll({ args: [2] }),
  },
  {
    name: "with a debounced workflow whose input is in the column of older releases",
    prepare: async (query) => {
      await hold("is_debounced = true, inputs = '{}'")(query);
      await query(`delete from dbos.workflow_input where workflow_uuid = 'delayed'`);
    },
    ...debounceAll({ args: [2] }),
    differences: {
      "workflow_status.inputs": "older workers, which look there, get the new arguments of ours",
    },
  },
]);

testDifferential("debounce() refuses", [
  ...[0, -1].map((periodMs) => ({
    name: `a period of ${periodMs}`,
    ...debounceAll({ periodMs }),
    differences: {
      "error.name": "a built-in class",
      "error.message": "words of our own",
      "error.stack": "so is the stack, which begins with them",
    },
  })),
]);
