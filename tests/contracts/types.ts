/** What TypeScript must infer of contracts, and what it must reject. It is checked, and never run. */

import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import {
  applySchedules,
  type Client,
  contractOf,
  createSchedule,
  debounce,
  defineWorkflow,
  enqueue,
  enqueueMany,
  followEvents,
  getAllEvents,
  getAllStreamEntries,
  getEvent,
  getResult,
  listWorkflows,
  ofType,
  readStream,
  readStreamOffset,
  retrieveWorkflow,
  send,
  sendMany,
  type StreamEntries,
  waitEach,
  type WorkflowContract,
  type WorkflowFunction,
  type WorkflowHandle,
} from "../../mod.ts";

declare const client: Client;

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;
/** Accepts only true if the types are the same. */
declare function same<A, B>(are: Equal<A, B>): void;

interface Task {
  id: number;
  due?: Date;
}

const task = defineWorkflow({
  workflowName: "processTask",
  queueName: "tasks",
  args: ofType<[task: Task, note?: string]>(),
  result: ofType<string>(),
  events: { progress: ofType<number>() },
  messages: { approval: ofType<boolean>(), "": ofType<Task>() },
  streams: { log: ofType<string>() },
});

const handle = await enqueue(client, task, { id: 7 }, "urgent");
same<typeof handle, WorkflowHandle<string>>(true);
const spread = await enqueue(client, { ...task, workflowID: "task-7", priority: 1 }, { id: 7 });
same<typeof spread, WorkflowHandle<string>>(true);
// @ts-expect-error the argument is missing
await enqueue(client, task);
// @ts-expect-error the ID is a number
await enqueue(client, task, { id: "7" });
// @ts-expect-error the ID is a number, with other options too
await enqueue(client, { ...task, priority: 1 }, { id: "7" });
// @ts-expect-error there is no third argument
await enqueue(client, task, { id: 7 }, "urgent", true);
// @ts-expect-error the priority is a number
await enqueue(client, { ...task, priority: "1" }, { id: 7 });

const debounced = await debounce(client, task, "customer-7", 500, { id: 7 });
same<typeof debounced, WorkflowHandle<string>>(true);
// @ts-expect-error the argument is missing
await debounce(client, task, "customer-7", 500);

const ids = [7, 8];
await enqueueMany(client, [{ ...task, args: [{ id: 7 }, "urgent"] }]);
await enqueueMany(client, ids.map((id) => ({ ...task, args: [{ id }] })));
await enqueueMany(client, ids.map((id) => ({ ...task, workflowID: `${id}`, args: [{ id }] })));
// @ts-expect-error the ID is a number
await enqueueMany(client, [{ ...task, args: [{ id: "7" }] }]);
// @ts-expect-error the ID is a number
await enqueueMany(client, ids.map((id) => ({ ...task, args: [{ id: `${id}` }] })));
// @ts-expect-error the argument is missing
await enqueueMany(client, ids.map(() => ({ ...task, args: [] })));
// @ts-expect-error the arguments are missing
await enqueueMany(client, [task]);
async function* jobs() {
  for (const id of ids) yield { ...task, args: [{ id }] as const };
}
await enqueueMany(client, jobs());
const unchecked: unknown[] = [];
await enqueueMany(client, [{ workflowName: "a", queueName: "b", args: unchecked }, {
  workflowName: "c",
  queueName: "d",
}]);

const progress = await getEvent(client, "task-7", task.events.progress, 5);
same<typeof progress, number | null>(true);
// @ts-expect-error there is no such event
task.events.progres;
// @ts-expect-error it is the key of a stream
await getEvent(client, "task-7", task.streams.log);
// @ts-expect-error the value is a number
await getEvent<string>(client, "task-7", task.events.progress);
const events = await getAllEvents(client, "task-7", task);
same<typeof events, { readonly progress?: number }>(true);
same<Awaited<ReturnType<typeof getAllEvents>>, Record<string, unknown>>(true);
for await (const event of followEvents(client, "task-7", { ...task, timeoutSeconds: 60 })) {
  same<typeof event.key, "progress">(true);
  same<typeof event.value, number>(true);
}

await send(client, "task-7", true, task.messages.approval);
await send(client, "task-7", true, { ...task.messages.approval, idempotencyKey: "7" });
await send(client, "task-7", { id: 7 }, task.messages[""]);
await send(client, "task-7", { anything: 1 }, { topic: "approval" });
// @ts-expect-error the message is a boolean
await send(client, "task-7", "yes", task.messages.approval);
// @ts-expect-error the message is a boolean, with other options too
await send(client, "task-7", "yes", { ...task.messages.approval, idempotencyKey: "7" });
// @ts-expect-error there is no such topic
await send(client, "task-7", true, task.messages.aproval);
// @ts-expect-error a contract is no topic
await send(client, "task-7", true, task);
await sendMany(client, [{ ...task.messages.approval, destinationID: "a", message: true }]);
await sendMany(client, [{ destinationID: "a", message: 1 }, { destinationID: "b", message: "2" }]);
// @ts-expect-error the message is a boolean
await sendMany(client, [{ ...task.messages.approval, destinationID: "a", message: "yes" }]);

for await (const line of readStream(client, "task-7", task.streams.log)) {
  same<typeof line, string>(true);
}
const entries = await getAllStreamEntries(client, "task-7", task);
same<typeof entries, { readonly log?: StreamEntries<string> }>(true);
const line = await readStreamOffset(client, "task-7", task.streams.log, 0);
same<typeof line, string>(true);
// @ts-expect-error it is the key of an event
readStream(client, "task-7", task.events.progress);

const result = await getResult(client, "task-7", { ...task, timeoutSeconds: 5 });
same<typeof result, string>(true);
const retrieved = retrieveWorkflow(client, "task-7", task);
same<typeof retrieved, WorkflowHandle<string>>(true);
for await (const outcome of waitEach(client, [handle])) {
  if (outcome.status === "SUCCESS") same<typeof outcome.result, string>(true);
}
// @ts-expect-error options are not a contract
retrieveWorkflow(client, "task-7", { timeoutSeconds: 5 });

await listWorkflows(client, { ...task, status: "ENQUEUED" });
await createSchedule(client, { ...task, scheduleName: "nightly", schedule: "@daily" });
await applySchedules(client, [{ ...task, scheduleName: "nightly", schedule: "@daily" }]);

// Schemas: callers pass their input, and get their output.
const byZod = defineWorkflow({
  workflowName: "byZod",
  queueName: "tasks",
  args: z.tuple([z.object({ id: z.number(), urgent: z.boolean().default(false) })]),
  result: z.string().transform((text) => text.length),
  events: { endedAt: z.iso.datetime().transform((text) => new Date(text)) },
  messages: {
    due: z.codec(z.string(), z.date(), { decode: (it) => new Date(it), encode: String }),
  },
});
const zodHandle = await enqueue(client, byZod, { id: 7 });
same<typeof zodHandle, WorkflowHandle<number>>(true);
const endedAt = await getEvent(client, "task-7", byZod.events.endedAt);
same<typeof endedAt, Date | null>(true);
await send(client, "task-7", "2026-01-01", byZod.messages.due);
// @ts-expect-error the schema makes a Date of a text
await send(client, "task-7", new Date(), byZod.messages.due);
// @ts-expect-error the ID is a number
await enqueue(client, byZod, { id: "7" });

const byValibot = defineWorkflow({
  workflowName: "byValibot",
  queueName: "tasks",
  args: v.tuple([v.object({ id: v.number() })]),
  result: v.pipe(v.string(), v.transform((text) => text.length)),
  streams: { log: v.string() },
});
const valibotHandle = await enqueue(client, byValibot, { id: 7 });
same<typeof valibotHandle, WorkflowHandle<number>>(true);
// @ts-expect-error the ID is a number
await enqueue(client, byValibot, { id: "7" });
// @ts-expect-error the argument is missing
await enqueue(client, byValibot);

const byArktype = defineWorkflow({
  workflowName: "byArktype",
  queueName: "tasks",
  args: type([{ id: "number", "note?": "string" }]),
  result: type("string").pipe((text) => text.length),
  streams: { log: type("string") },
});
const arktypeHandle = await enqueue(client, byArktype, { id: 7 });
same<typeof arktypeHandle, WorkflowHandle<number>>(true);
// @ts-expect-error the ID is a number
await enqueue(client, byArktype, { id: "7" });
// @ts-expect-error the argument is missing
await enqueue(client, byArktype);

// Named arguments.
const python = defineWorkflow({
  workflowName: "sum",
  queueName: "tasks",
  args: ofType<[a: number]>(),
  namedArgs: ofType<{ b: number }>(),
  result: ofType<number>(),
});
const sum = await enqueue(client, { ...python, namedArgs: { b: 2 } }, 1);
same<typeof sum, WorkflowHandle<number>>(true);
// @ts-expect-error the named arguments are missing
await enqueue(client, python, 1);
// @ts-expect-error b is a number
await enqueue(client, { ...python, namedArgs: { b: "2" } }, 1);
// @ts-expect-error the positional argument is missing
await enqueue(client, { ...python, namedArgs: { b: 2 } });

// Fields that are left out.
const bare = defineWorkflow({ workflowName: "bare" });
const bareHandle = await enqueue(client, { ...bare, queueName: "tasks" }, 1, "two");
same<typeof bareHandle, WorkflowHandle<unknown>>(true);
const bareEvents = await getAllEvents(client, "task-7", bare);
same<typeof bareEvents, Record<string, unknown>>(true);
// @ts-expect-error the contract has no queue
await enqueue(client, bare, 1);
// @ts-expect-error it has no events
bare.events.progress;
// @ts-expect-error the name is missing
defineWorkflow({ queueName: "tasks" });
// @ts-expect-error there is no such field
defineWorkflow({ workflowName: "bare", event: { progress: ofType<number>() } });
// @ts-expect-error the arguments are a tuple
defineWorkflow({ workflowName: "bare", args: ofType<string>() });
// @ts-expect-error a field is a type or a schema
defineWorkflow({ workflowName: "bare", result: "string" });

// Functions.
declare function ship(order: Task, express: boolean): Promise<{ parcel: string }>;
const shipping = defineWorkflow({
  workflowName: "ship",
  queueName: "tasks",
  ...contractOf<typeof ship>(),
});
const shipped = await enqueue(client, shipping, { id: 7 }, true);
same<typeof shipped, WorkflowHandle<{ parcel: string }>>(true);
same<WorkflowFunction<typeof shipping>, typeof ship>(true);
// @ts-expect-error the second argument is missing
await enqueue(client, shipping, { id: 7 });

// Annotations, as exports need them with isolatedDeclarations, which checks this file too.
interface Review {
  args: [task: Task];
  result: number;
  events: { progress: number };
}
export const annotated: WorkflowContract<Review> = defineWorkflow({
  workflowName: "review",
  queueName: "tasks",
  args: z.tuple([z.object({ id: z.number(), due: z.exactOptional(z.date()) })]),
  result: z.string().transform((text) => text.length),
  events: { progress: v.number() },
});
const review = await enqueue(client, annotated, { id: 7 });
same<typeof review, WorkflowHandle<number>>(true);
// @ts-expect-error the ID is a number
await enqueue(client, annotated, { id: "7" });
export const withoutQueue: Omit<WorkflowContract<Review>, "queueName"> = annotated;
export const anyContract: WorkflowContract = annotated;
// @ts-expect-error the result is a number
export const wrong: WorkflowContract<Review> = defineWorkflow({
  workflowName: "review",
  queueName: "tasks",
  args: ofType<[task: Task]>(),
  result: ofType<string>(),
  events: { progress: ofType<number>() },
});
