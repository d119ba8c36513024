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
