import {
  type ContractField,
  type ContractFields,
  type ContractKey,
  contractKey,
  type ContractOption,
  type ContractTypes,
  type MessageTopic,
  type WorkflowTypes,
} from "../contracts/contract.ts";
import type { StandardSchema } from "../contracts/standard_schema.ts";
import { asPlainObject, type Check, describeOptions, readOptions } from "../options.ts";
import type { SerializationType } from "../serialization/write.ts";
import { checkText, refuseType } from "../validate.ts";
import { enqueueDescription } from "./enqueue_options.ts";
import type { WorkflowArg, WorkflowArgs, WorkflowResult } from "./workflow_function.ts";

/** The type of a field of a contract, without a check: what {@linkcode ofType} returns. */
export interface FieldType<Value> {
  /** The type. It has no value at run time. */
  readonly [contractKey]: Value;
}

/** A field of a contract: a type, or a schema that checks as well. */
export type WorkflowField<Value = unknown> = FieldType<Value> | StandardSchema<Value, unknown>;

/** What {@linkcode defineWorkflow} makes a contract of. */
export interface WorkflowDefinition {
  /** The name that the application registered the workflow under. */
  readonly workflowName: string;
  /**
   * The queue to put it on.
   *
   * @default {undefined} calls that need one get it beside the contract
   */
  readonly queueName?: string;
  /**
   * The class that has the workflow as a method.
   *
   * @default {undefined}
   */
  readonly workflowClassName?: string;
  /**
   * The configured instance that has the workflow as a method.
   *
   * @default {undefined}
   */
  readonly workflowConfigName?: string;
  /**
   * The application whose workers run the workflow.
   *
   * @default {undefined} that of the client
   */
  readonly applicationName?: string;
  /**
   * The format of the arguments and messages.
   *
   * @default {undefined} that of the client
   */
  readonly serializationType?: SerializationType;
  /**
   * The arguments, as a tuple.
   *
   * @default {undefined} any
   */
  readonly args?: WorkflowField<readonly unknown[]>;
  /**
   * The named arguments, for workflows in Python.
   *
   * @default {undefined} none
   */
  readonly namedArgs?: WorkflowField<object>;
  /**
   * The result.
   *
   * @default {undefined} unknown
   */
  readonly result?: WorkflowField;
  /**
   * The values of the events, by their keys.
   *
   * @default {undefined} the contract says nothing of events
   */
  readonly events?: Readonly<Record<string, WorkflowField>>;
  /**
   * The messages, by their topics. The topic `""` stands for messages without one.
   *
   * @default {undefined} the contract says nothing of messages
   */
  readonly messages?: Readonly<Record<string, WorkflowField>>;
  /**
   * The values of the streams, by their keys.
   *
   * @default {undefined} the contract says nothing of streams
   */
  readonly streams?: Readonly<Record<string, WorkflowField>>;
}

/** The type that the caller of a field passes. */
export type FieldInput<Field> = Field extends FieldType<infer Value> ? Value
  : Field extends { readonly "~standard": { readonly types?: infer Types } }
    ? NonNullable<Types> extends { readonly input: infer Input } ? Input : unknown
  : unknown;

/** The type that the reader of a field gets. */
export type FieldOutput<Field> = Field extends FieldType<infer Value> ? Value
  : Field extends { readonly "~standard": { readonly types?: infer Types } }
    ? NonNullable<Types> extends { readonly output: infer Output } ? Output : unknown
  : unknown;

/** The types of a definition: those that callers pass, and those that they get. */
export type TypesOf<Definition> = {
  readonly [Name in keyof Definition & keyof WorkflowTypes]: Name extends "args"
    ? FieldInput<Definition[Name]> extends infer Args extends readonly unknown[] ? Args
    : WorkflowArg[]
    : Name extends "namedArgs"
      ? FieldInput<Definition[Name]> extends infer NamedArgs extends object ? NamedArgs
      : Record<string, unknown>
    : Name extends "result" ? FieldOutput<Definition[Name]>
    : Name extends "messages"
      ? { readonly [Key in keyof Definition[Name]]: FieldInput<Definition[Name][Key]> }
    : { readonly [Key in keyof Definition[Name]]: FieldOutput<Definition[Name][Key]> };
};

/** The events, messages or streams of types; none if the types say nothing of them. */
export type FieldsOf<Types, Name extends keyof WorkflowTypes> = Types extends
  { readonly [Each in Name]: infer Found extends object } ? Found
  : Record<never, never>;

/** The workflow of types as a function. */
export type WorkflowOf<Types extends WorkflowTypes> = (
  ...args: Types extends { readonly args: infer Args extends readonly unknown[] } ? [...Args]
    : WorkflowArg[]
) => Promise<Types extends { readonly result: infer Result } ? Result : unknown>;

/**
 * The contract of a workflow: its names, and the types of its arguments, result, events, messages and
 * streams. {@linkcode defineWorkflow} makes it. Every function takes it as options, alone or spread with
 * others.
 *
 * @typeParam Types The types of the workflow.
 */
export interface WorkflowContract<Types extends WorkflowTypes = WorkflowTypes> {
  /** The name that the application registered the workflow under. */
  readonly workflowName: string;
  /** The queue to put it on. The contract of a workflow without one lacks it. */
  readonly queueName: string;
  /** The class that has the workflow as a method. */
  readonly workflowClassName?: string;
  /** The configured instance that has the workflow as a method. */
  readonly workflowConfigName?: string;
  /** The application whose workers run the workflow. */
  readonly applicationName?: string;
  /** The keys of the events, for `getEvent()`. */
  readonly events: {
    readonly [Key in keyof FieldsOf<Types, "events">]: ContractKey<
      "event",
      FieldsOf<Types, "events">[Key]
    >;
  };
  /** The topics of the messages, for `send()`. */
  readonly messages: {
    readonly [Topic in keyof FieldsOf<Types, "messages">]: MessageTopic<
      FieldsOf<Types, "messages">[Topic]
    >;
  };
  /** The keys of the streams, for `readStream()`. */
  readonly streams: {
    readonly [Key in keyof FieldsOf<Types, "streams">]: ContractKey<
      "stream",
      FieldsOf<Types, "streams">[Key]
    >;
  };
  /** The types. They have no value at run time. */
  readonly [contractKey]: ContractTypes<
    WorkflowOf<Types>,
    Types extends { readonly namedArgs: infer NamedArgs } ? NamedArgs : undefined,
    Types extends { readonly events: infer Events } ? Events : unknown,
    Types extends { readonly streams: infer Streams } ? Streams : unknown
  >;
}

/** The contract of a definition. */
export type ContractOf<Definition> = TypesOf<Definition> extends infer Types extends WorkflowTypes
  ? Definition extends { readonly queueName: string } ? WorkflowContract<Types>
  : Omit<WorkflowContract<Types>, "queueName">
  : never;

/**
 * The type of the workflow function that a contract describes, for the application. Of a schema that makes
 * something else of a value, it has the type that the caller passes and that the reader gets.
 */
export type WorkflowFunction<Contract extends ContractOption<unknown>> = Contract extends
  { readonly [contractKey]: ContractTypes<infer Workflow, unknown, unknown, unknown> } ? Workflow
  : never;

/**
 * A field of a contract that has a type and no check. It costs nothing at run time.
 *
 * @example
 * ```ts
 * import { defineWorkflow, ofType } from "@dbos-community/client";
 *
 * const processTask = defineWorkflow({
 *   workflowName: "processTask",
 *   queueName: "tasks",
 *   args: ofType<[task: { id: number }]>(),
 *   result: ofType<string>(),
 * });
 * ```
 *
 * @typeParam Value The type.
 * @returns A value that only {@linkcode defineWorkflow} takes.
 */
export function ofType<Value>(): FieldType<Value> {
  return undefined as never;
}

/**
 * The arguments and the result of a workflow function in TypeScript, to spread into a definition. It
 * costs nothing at run time, and the function can be imported with `import type`.
 *
 * @example
 * ```ts
 * import { contractOf, defineWorkflow } from "@dbos-community/client";
 *
 * function processTask(task: { id: number }): Promise<string> {
 *   return Promise.resolve(`task ${task.id} is done`);
 * }
 *
 * const contract = defineWorkflow({
 *   workflowName: "processTask",
 *   queueName: "tasks",
 *   ...contractOf<typeof processTask>(),
 * });
 * ```
 *
 * @typeParam Workflow The type of the workflow function.
 * @returns The fields `args` and `result`.
 */
export function contractOf<Workflow extends (...args: never[]) => unknown>(): {
  readonly args: FieldType<WorkflowArgs<Workflow>>;
  readonly result: FieldType<WorkflowResult<Workflow>>;
} {
  return {} as never;
}

const asSchema: Check<StandardSchema> = (what, value) => {
  const standard = Object(value)["~standard"];
  if (typeof standard?.validate !== "function") {
    refuseType(what, value, "ofType<T>() or a schema of a library that has Standard Schema");
  }
  return value as StandardSchema;
};

const asFields: Check<Record<string, StandardSchema | undefined>> = (what, value) => {
  const fields = Object.entries(asPlainObject(what, value)).map(([key, schema]) => {
    // Messages may have no topic.
    if (key !== "" || !what.startsWith("messages")) checkText(`a key of ${what}`, key);
    return [key, schema === undefined ? schema : asSchema(`${key} of ${what}`, schema)];
  });
  return Object.fromEntries(fields);
};

type Fields = Record<string, StandardSchema | undefined>;

/**
 * Defines the contract of a workflow, which every function takes in place of names, and which types what
 * is sent to the workflow and read of it.
 *
 * A field is a type, as {@linkcode ofType} makes it, or a schema of any library that has Standard Schema,
 * such as zod, valibot or arktype. Arguments and messages are checked with their schemas before anything
 * is sent; results, events and values of streams after they were read. What the schema makes of a value is
 * what is sent or returned. A value that a schema does not allow is a {@linkcode ContractError}.
 *
 * @example
 * ```ts
 * import { connect, defineWorkflow, enqueue, getEvent, ofType } from "@dbos-community/client";
 *
 * const processTask = defineWorkflow({
 *   workflowName: "processTask",
 *   queueName: "tasks",
 *   args: ofType<[task: { id: number }]>(),
 *   result: ofType<string>(),
 *   events: { progress: ofType<number>() },
 * });
 *
 * await using client = await connect();
 * const { workflowID, getResult } = await enqueue(client, processTask, { id: 7 });
 * console.log(await getEvent(client, workflowID, processTask.events.progress)); // 50
 * console.log(await getResult()); // task 7 is done
 * ```
 *
 * @param definition The names of the workflow, and the types or schemas of its fields.
 * @returns The contract.
 * @throws {TypeError} If a name is not a string, or a field is neither a type nor a schema.
 * @throws {RangeError} If a name is empty.
 */
export function defineWorkflow<const Definition extends WorkflowDefinition>(
  definition:
    & Definition
    & { readonly [Name in Exclude<keyof Definition, keyof WorkflowDefinition>]: never },
): ContractOf<Definition> {
  const { checks } = enqueueDescription;
  const description = describeOptions<
    Omit<WorkflowDefinition, keyof WorkflowTypes> & {
      args?: StandardSchema;
      namedArgs?: StandardSchema;
      result?: StandardSchema;
      events?: Fields;
      messages?: Fields;
      streams?: Fields;
    }
  >({
    workflowName: checks.workflowName,
    queueName: checks.queueName.required,
    workflowClassName: checks.workflowClassName,
    workflowConfigName: checks.workflowConfigName,
    applicationName: checks.applicationName,
    serializationType: checks.serializationType,
    args: asSchema,
    namedArgs: asSchema,
    result: asSchema,
    events: asFields,
    messages: asFields,
    streams: asFields,
  });
  const { args, namedArgs, result, events, messages, streams, ...names } = readOptions(
    "defineWorkflow()",
    description,
    definition as object as never,
  );
  const { workflowName, serializationType } = names;
  const toField = (field: string, schema: StandardSchema | undefined) => (
    { workflowName, field, schema }
  );
  function toKeys<Key>(
    name: "events" | "messages" | "streams",
    fields: Fields = {},
    toOptions: (key: string) => Key,
  ): Record<string, Key & { readonly [contractKey]: ContractField }> {
    const keys = Object.entries(fields).map(([key, schema]) => [
      key,
      Object.freeze({ ...toOptions(key), [contractKey]: toField(`${name}.${key}`, schema) }),
    ]);
    return Object.freeze(Object.fromEntries(keys));
  }
  const contract = {
    ...names,
    events: toKeys("events", events, (key) => ({ key })),
    messages: toKeys("messages", messages, (topic) => ({
      ...(topic && { topic }),
      ...(serializationType && { serializationType }),
    })),
    streams: toKeys("streams", streams, (key) => ({ key })),
  };
  // With the names, because functions ignore those that they have no option for.
  const fields: ContractFields = {
    ...contract,
    args: toField("args", args),
    namedArgs: toField("namedArgs", namedArgs),
    result: toField("result", result),
  };
  return Object.freeze({ ...contract, [contractKey]: fields }) as never;
}
