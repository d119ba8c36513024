import type { WorkflowError } from "../errors/workflow_error.ts";

/** Reads one serialization format. */
export interface ReadingCodec {
  /** The name of the format in the `serialization` columns of the system tables. */
  readonly name: string;
  deserializeValue(text: string): unknown;
  /** Returns the positional arguments of a workflow. */
  deserializeArgs(text: string): unknown[];
  deserializeError(text: string): WorkflowError;
}

/** Reads and writes the format of a serializer of the user's own, which may be asynchronous. */
export interface CustomCodec {
  readonly name: string;
  deserializeValue(text: string): Promise<unknown>;
  deserializeArgs(text: string): Promise<unknown[]>;
  deserializeError(text: string): Promise<WorkflowError>;
  serializeValue(value: unknown, path?: string): Promise<string>;
  serializeArgs(
    args: readonly unknown[],
    namedArgs?: Readonly<Record<string, unknown>>,
    path?: string,
  ): Promise<string>;
}

/** Writes one serialization format. */
export interface WritingCodec {
  /** The name of the format in the `serialization` columns of the system tables. */
  readonly name: string;
  /** Refuses what the format cannot hold. The path names the value in errors. */
  serializeValue(value: unknown, path?: string): string;
  /** The path precedes `args` and `namedArgs` in errors. */
  serializeArgs(
    args: readonly unknown[],
    namedArgs?: Readonly<Record<string, unknown>>,
    path?: string,
  ): string;
}

/**
 * A serializer of your own, as the option `serializer` of the official clients and workers takes it.
 * Pass the one that your workers use, for instance to encrypt what is stored. A call that waits for it
 * also ends with its `signal`.
 *
 * @example
 * ```ts
 * import { connect, type DBOSSerializer, enqueue } from "@dbos-community/client";
 *
 * const serializer: DBOSSerializer = {
 *   name: () => "base64_json",
 *   stringify: (value) => btoa(encodeURIComponent(JSON.stringify(value))),
 *   parse: (text) => JSON.parse(decodeURIComponent(atob(text))),
 * };
 * await using client = await connect(undefined, { serializer });
 * await enqueue(client, { workflowName: "processTask", queueName: "tasks" }, { id: 7 });
 * ```
 */
export interface DBOSSerializer {
  /** Returns the name of the format, which is stored together with each value. */
  name(): string;
  /**
   * Converts a value to text, at once or asynchronously. Undefined is passed as null. The text must
   * not contain a NUL character or a lone surrogate, which Postgres cannot store.
   */
  stringify(value: unknown): string | Promise<string>;
  /** Converts a text back to the value, at once or asynchronously. */
  parse(text: string): unknown;
  /**
   * What `stringify()` gets for the arguments of a workflow: `"typescript"` for an array, as workers
   * in TypeScript and Java read it, or `"python"` for an object `{ args, kwargs }`, as those in Python
   * do. Both are read.
   *
   * @default {"typescript"}
   */
  readonly argsFormat?: "typescript" | "python";
}
