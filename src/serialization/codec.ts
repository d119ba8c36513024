import type { WorkflowError } from "../errors/workflow_error.ts";

/** Reads one serialization format, named as in the `serialization` columns of the system tables. */
export interface ReadingCodec {
  readonly name: string;
  deserializeValue(text: string): unknown;
  /** The positional arguments of a workflow. */
  deserializeArgs(text: string): unknown[];
  deserializeError(text: string): WorkflowError;
}

/** Reads and writes one serialization format. */
export interface Codec extends ReadingCodec {
  serializeValue(value: unknown): string;
  serializeArgs(args: readonly unknown[], namedArgs?: Readonly<Record<string, unknown>>): string;
}
