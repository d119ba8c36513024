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
