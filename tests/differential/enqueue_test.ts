import type { DBOSClient } from "@dbos-inc/dbos-sdk";
import { type Client, enqueue, type EnqueueOptions, type WorkflowArg } from "../../mod.ts";
import { type DifferentialCase, type OfficialOptions, testDifferential } from "./differential.ts";

type Options = OfficialOptions<EnqueueOptions>;

const task = { workflowName: "echo", queueName: "idle" };
const native = { serializationType: "native" } as const;
const portable = { serializationType: "portable" } as const;

const optionSets: Record<string, Options> = {
  "no option": {},
  "an ID": { workflowID: "new" },
  "a UUID as ID": { workflowID: "4a1c1f0e-8f3c-4f0e-9d43-0a4c8a6d7f11" },
  "a class": { workflowClassName: "Greeter", workflowName: "greet" },
  "a configured instance": {
    workflowName: "speak",
    workflowClassName: "Speaker",
    workflowConfigName: "french",
  },
  "a version": { appVersion: "v7" },
  "an application": { applicationName: "shop" },
  "a timeout": { workflowTimeoutMS: 12_345 },
  "a deduplication ID": { deduplicationID: "free" },
  "the deduplication ID of another queue": { queueName: "busy", deduplicationID: "held" },
  "a duplication policy": { deduplicationID: "free", duplicationPolicy: "return-existing" },
  "a reuse policy": { workflowID: "new", workflowIDReusePolicy: "reject" },
  "a priority": { priority: 7 },
  "the maximum priority": { priority: 2 ** 31 - 1 },
  "a partition key": { queuePartitionKey: "north" },
  "a delay": { delaySeconds: 1000 },
  "a fractional delay": { delaySeconds: 1000.5 },
  "a delay of 0": { delaySeconds: 0 },
  "attributes": { attributes: { customer: 7, tags: ["ä", null], nested: { deep: true } } },
  "empty attributes": { attributes: {} },
  "a user": { authenticatedUser: "ann" },
  "roles": { authenticatedRoles: ["admin", 'quo"te'] },
  "no roles": { authenticatedRoles: [] },
  "text with special characters": { workflowName: "ärger 'n\" \\ $1 :name 😀", queueName: "a\tb" },
  "every option": {
    workflowID: "new",
    workflowIDReusePolicy: "reject",
    workflowClassName: "Greeter",
    workflowConfigName: "french",
    appVersion: "v7",
    applicationName: "shop",
    workflowTimeoutMS: 12_345,
    deduplicationID: "free",
    duplicationPolicy: "return-existing",
    priority: 7,
    queuePartitionKey: "north",
    delaySeconds: 1000,
    attributes: { customer: 7 },
    authenticatedUser: "ann",
    authenticatedRoles: ["admin"],
  },
};

const argumentLists: Record<string, unknown[]> = {
  "no argument": [],
  "plain values": [1, "two", null, true, -0.5, { three: [[]] }],
  "text with special characters": ["\0 ' \" \\ \\ud800 $1 :name \u2028 😀", { "": "" }],
  "values that JSON cannot hold": [
    undefined,
    { a: undefined, b: [undefined] },
    new Date("2020-01-02T03:04:05.678Z"),
    2n ** 70n,
    new Map([["one", new Set([1])]]),
    new Set(["a"]),
  ],
  "a number whose sign JSON loses": [-0],
  "an error": [new TypeError("wrong")],
  "backslashes in keys": [{ "a\\b": new Date(0), "a\\": new Set([1]) }],
};

/** What this client refuses in portable JSON. */
const nativeArgumentLists: Record<string, unknown[]> = {
  "numbers that JSON cannot hold": [NaN, -Infinity],
  "lone surrogates": ["\ud800", { "\udfff": 1 }],
};

function enqueueEach(format: "native" | "portable"): DifferentialCase[] {
  const lists = format === "native" ? { ...argumentLists, ...nativeArgumentLists } : argumentLists;
  const calls = [
    ...Object.entries(optionSets).map(([name, options]) => ({ name, options, args: [1, "two"] })),
    ...Object.entries(lists).map(([name, args]) => ({ name, options: {}, args })),
  ];
  return calls.map(({ name, options, args }) => ({
    name: `${format}, with ${name}`,
    official: (client) =>
      format === "native"
        ? client.enqueue({ ...task, ...options }, ...args)
        : client.enqueuePortable({ ...task, ...options }, args),
    ours: (client) =>
      enqueue(client, { ...task, ...options, serializationType: format }, ...args as WorkflowArg[]),
  }));
}

interface Call {
  options: Options;
  args?: unknown[];
}

/** Makes the calls one after another, and returns their handles. */
function enqueueAll(calls: Call[]): Pick<DifferentialCase, "official" | "ours"> {
  const settleAll = async (enqueueOne: (call: Call) => Promise<{ workflowID: string }>) => {
    const handles = [];
    for (const call of calls) handles.push(await enqueueOne(call));
    return handles;
  };
  return {
    official: (client: DBOSClient) =>
      settleAll(({ options, args = [1] }) => client.enqueue({ ...task, ...options }, ...args)),
    ours: (client: Client) =>
      settleAll(({ options, args = [1] }) =>
        enqueue(client, { ...task, ...native, ...options }, ...args as WorkflowArg[])
      ),
  };
}

testDifferential("enqueue() in native format", [
  ...enqueueEach("native"),
  {
    name: "native, with a dot in a key",
    official: (client) => client.enqueue(task, { "a.b": new Date(0) }),
    ours: (client) => enqueue(client, { ...task, ...native }, { "a.b": new Date(0) }),
    differences: {
      "workflow_input.inputs":
        "our client escapes the dot, so that the worker gets a Date and not a string",
    },
  },
]);
testDifferential("enqueue() in portable format", [
  ...enqueueEach("portable"),
  {
    name: "with serializationType",
    official: (client) => client.enqueue({ ...task, ...portable }, 1, "two"),
    ours: (client) => enqueue(client, task, 1, "two"),
  },
  {
    name: "with named arguments",
    official: (client) => client.enqueuePortable(task, [1], { key: new Date(0), other: [null] }),
    ours: (client) =>
      enqueue(client, { ...task, namedArgs: { key: new Date(0), other: [null] } }, 1),
  },
  {
    name: "with empty named arguments",
    official: (client) => client.enqueuePortable(task, [], {}),
    ours: (client) => enqueue(client, { ...task, namedArgs: {} }),
  },
]);
testDifferential("enqueue() of a client with an application name", [
  { name: "without an option", applicationName: "shop", ...enqueueAll([{ options: {} }]) },
  {
    name: "with another application name",
    applicationName: "shop",
    ...enqueueAll([{ options: { applicationName: "bank" } }]),
  },
]);
testDifferential("enqueue() with IDs that are in use", [
  {
    name: "a workflow ID, with other arguments",
    ...enqueueAll([{ options: { workflowID: "waiting" }, args: ["other"] }]),
  },
  {
    name: "a workflow ID, with other options",
    ...enqueueAll([{
      options: {
        workflowID: "waiting",
        queueName: "other",
        priority: 3,
        attributes: { a: 1 },
        appVersion: "v7",
        delaySeconds: 1000,
        ...portable,
      },
    }]),
  },
  {
    name: "the ID of a workflow that has ended",
    ...enqueueAll([{ options: { workflowID: "succeeded" } }]),
  },
  {
    name: "the ID of a workflow that was cancelled",
    ...enqueueAll([{ options: { workflowID: "cancelled" } }]),
  },
  {
    name: "a workflow ID twice",
    ...enqueueAll([{ options: { workflowID: "new" } }, { options: { workflowID: "new" } }]),
  },
  {
    name: "the ID of a workflow of another name",
    ...enqueueAll([{ options: { workflowID: "waiting", workflowName: "sum" } }]),
  },
  {
    name: "the ID of a workflow of another class",
    ...enqueueAll([{ options: { workflowID: "waiting", workflowClassName: "Greeter" } }]),
  },
  {
    name: "the ID of a workflow of another instance",
    ...enqueueAll([{ options: { workflowID: "waiting", workflowConfigName: "french" } }]),
  },
  {
    name: 'a workflow ID, with workflowIDReusePolicy "reject"',
    ...enqueueAll([{ options: { workflowID: "succeeded", workflowIDReusePolicy: "reject" } }]),
  },
  {
    name: 'the ID of a workflow of another name, with workflowIDReusePolicy "reject"',
    ...enqueueAll([{
      options: { workflowID: "succeeded", workflowName: "sum", workflowIDReusePolicy: "reject" },
    }]),
  },
  {
    name: "a deduplication ID",
    ...enqueueAll([{ options: { workflowID: "new", deduplicationID: "held" } }]),
  },
  {
    name: 'a deduplication ID, with duplicationPolicy "return-existing"',
    ...enqueueAll([{
      options: {
        workflowID: "new",
        deduplicationID: "held",
        duplicationPolicy: "return-existing",
      },
    }]),
  },
  {
    name: "a deduplication ID, in another partition",
    ...enqueueAll([{ options: { deduplicationID: "held", queuePartitionKey: "north" } }]),
  },
  {
    name: "both IDs of one workflow",
    ...enqueueAll([{ options: { workflowID: "holder", deduplicationID: "held" } }]),
  },
  {
    name: "a workflow ID, and the deduplication ID of another workflow",
    ...enqueueAll([{ options: { workflowID: "waiting", deduplicationID: "held" } }]),
  },
  {
    name: "a deduplication ID that was released",
    prepare: (query) =>
      query(`update dbos.workflow_status set deduplication_id = null, status = 'SUCCESS'
        where workflow_uuid = 'holder'`),
    ...enqueueAll([{ options: { deduplicationID: "held" } }]),
  },
  {
    name: "the ID of a workflow whose input is in the column of older releases",
    prepare: async (query) => {
      await query(`update dbos.workflow_status set inputs = (
        select inputs from dbos.workflow_input where workflow_uuid = 'waiting'
      ) where workflow_uuid = 'waiting'`);
      await query(`delete from dbos.workflow_input where workflow_uuid = 'waiting'`);
    },
    ...enqueueAll([{ options: { workflowID: "waiting" }, args: ["other"] }]),
  },
]);
