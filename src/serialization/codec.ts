import type { WorkflowError } from "../errors.ts";

/** One serialization format, named as in the `serialization` columns of the system tables. */
export interface Codec {
  readonly name: string;
  serializeValue(value: unknown): string;
  serializeArgs(args: readonly unknown[], namedArgs?: Readonly<Record<string, unknown>>): string;
  deserializeValue(text: string): unknown;
  /** The positional arguments of a workflow. */
  deserializeArgs(text: string): unknown[];
  deserializeError(text: string): WorkflowError;
}
