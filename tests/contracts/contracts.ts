/** Contracts that the application of these tests and its clients share, one for each kind of schema. */

import { defineWorkflow, ofType, type WorkflowContract } from "../../mod.ts";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";

/** A task to review. */
export interface Task {
  id: number;
  /** What the workflow writes that its contract does not allow. */
  writes?: "a wrong event" | "a wrong value of a stream" | "a wrong result";
}

/** The types of the workflows. All have the same. */
export interface ReviewTask {
  args: [task: Task];
  result: { published: boolean };
  events: { progress: number };
  messages: { approval: { approved: boolean } };
  streams: { log: string };
}

const wrongs = ["a wrong event", "a wrong value of a stream", "a wrong result"] as const;

const typed: WorkflowContract<ReviewTask> = defineWorkflow({
  workflowName: "review by types",
  queueName: "tasks",
  args: ofType<[task: Task]>(),
  result: ofType<{ published: boolean }>(),
  events: { progress: ofType<number>() },
  messages: { approval: ofType<{ approved: boolean }>() },
  streams: { log: ofType<string>() },
});

/** The contracts with schemas, by the library that made them. */
export const checked: Readonly<Record<string, WorkflowContract<ReviewTask>>> = {
  zod: defineWorkflow({
    workflowName: "review by zod",
    queueName: "tasks",
    args: z.tuple([z.object({ id: z.number(), writes: z.exactOptional(z.enum(wrongs)) })]),
    result: z.object({ published: z.boolean() }),
    events: { progress: z.number() },
    messages: { approval: z.object({ approved: z.boolean() }) },
    streams: { log: z.string() },
  }),
  valibot: defineWorkflow({
    workflowName: "review by valibot",
    queueName: "tasks",
    args: v.tuple([v.object({ id: v.number(), writes: v.exactOptional(v.picklist(wrongs)) })]),
    result: v.object({ published: v.boolean() }),
    events: { progress: v.number() },
    messages: { approval: v.object({ approved: v.boolean() }) },
    streams: { log: v.string() },
  }),
  arktype: defineWorkflow({
    workflowName: "review by arktype",
    queueName: "tasks",
    args: type([{ id: "number", "writes?": type.enumerated(...wrongs) }]),
    result: type({ published: "boolean" }),
    events: { progress: type("number") },
    messages: { approval: type({ approved: "boolean" }) },
    streams: { log: type("string") },
  }),
};

/** All contracts. */
export const contracts: Readonly<Record<string, WorkflowContract<ReviewTask>>> = {
  types: typed,
  ...checked,
};
