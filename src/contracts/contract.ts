/** What a contract is to the functions that take one: options that bring types and schemas along. */

import type { StandardSchema } from "./standard_schema.ts";

/**
 * Where contracts, and the keys and topics of contracts, have their types and schemas. It is a symbol, so
 * that they stay options like any others: they can be spread, and JSON cannot have it.
 */
export const contractKey: unique symbol = Symbol.for("@dbos-community/client/contract");

/** The types of a workflow: what a {@linkcode WorkflowContract} is made of. */
export interface WorkflowTypes {
  /** The arguments, as a tuple. */
  readonly args?: readonly unknown[];
  /** The named arguments, for workflows in Python. */
  readonly namedArgs?: object;
  /** The result. */
  readonly result?: unknown;
  /** The values of the events, by their keys. */
  readonly events?: object;
  /** The messages, by their topics. The topic `""` stands for messages without one. */
  readonly messages?: object;
  /** The values of the streams, by their keys. */
  readonly streams?: object;
}

/** What the type of a contract says to the functions that take it. It has no value at run time. */
export interface ContractTypes<Workflow, NamedArgs, Events, Streams> {
  /** The workflow as a function. */
  readonly workflow: Workflow;
  /** The named arguments; undefined for none. */
  readonly namedArgs: NamedArgs;
  /** The values of the events, by their keys. */
  readonly events: Events;
  /** The values of the streams, by their keys. */
  readonly streams: Streams;
}

/** Options that are a contract, or are spread of one, have its types as well. */
export interface ContractOption<
  Workflow,
  NamedArgs = unknown,
  Events = unknown,
  Streams = unknown,
> {
  /** The types of the contract. */
  readonly [contractKey]?: ContractTypes<Workflow, NamedArgs, Events, Streams>;
}

/** The key of an event or a stream of a contract, which has the type of its values. */
export interface ContractKey<Kind extends "event" | "stream", Value> {
  /** The key. */
  readonly key: string;
  /** The type of the values. It has no value at run time. */
  readonly [contractKey]: { readonly kind: Kind; readonly value: Value };
}

/** The topic of a contract, as options of `send()` that have the type of the message. */
export interface MessageTopic<Message> {
  /** The topic; undefined for messages without one. */
  readonly topic?: string;
  /** The type of the message. It has no value at run time. */
  readonly [contractKey]: { readonly message: Message };
}

/** Options of `send()` that are a topic of a contract have the type of its messages as well. */
export type MessageOption<Message> = Partial<Pick<MessageTopic<Message>, typeof contractKey>>;

/** A type that TypeScript infers of other arguments, and only checks here. */
export type NotInferred<Type> = [Type][Type extends unknown ? 0 : never];

/** A field of a contract, as it is at run time. */
export interface ContractField {
  /** The name of the workflow. */
  readonly workflowName: string;
  /** Where it is in the contract, such as `events.progress`. */
  readonly field: string;
  /** Checks its values, if there is a schema. */
  readonly schema?: StandardSchema | undefined;
}

/** A contract, as it is at run time. */
export interface ContractFields {
  readonly args?: ContractField;
  readonly namedArgs?: ContractField;
  readonly result?: ContractField;
  /** Without keys, the contract says nothing of them. */
  readonly events?: Readonly<Record<string, { readonly [contractKey]: ContractField }>>;
  /** Without keys, the contract says nothing of them. */
  readonly streams?: Readonly<Record<string, { readonly [contractKey]: ContractField }>>;
}

/** The contract that options are or have been spread of, if any. */
export function contractIn(options: object | undefined): ContractFields | undefined {
  return (options as { [contractKey]?: ContractFields } | undefined)?.[contractKey];
}

/** The field of a key or topic of a contract; undefined for others. */
export function fieldIn(key: unknown): ContractField | undefined {
  return (key as { [contractKey]?: ContractField } | null | undefined)?.[contractKey];
}

/** A key as a text, whether it is one of a contract. */
export function toKey(key: unknown): unknown {
  return fieldIn(key) ? (key as { key: unknown }).key : key;
}
