/** A schema as the libraries for them have in common: https://standardschema.dev */

/** One thing that is wrong with a value, as a schema reports it. */
export interface StandardSchemaIssue {
  /** What is wrong. */
  readonly message: string;
  /** Where it is in the value; undefined if it is the value itself. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema makes of a value: another value, or issues. */
export type StandardSchemaResult<Output = unknown> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardSchemaIssue[] };

/** A schema of zod, valibot, arktype or any other library that has Standard Schema, version 1. */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** What the libraries have in common. */
  readonly "~standard": {
    /** The version of the standard. */
    readonly version: 1;
    /** The name of the library. */
    readonly vendor: string;
    /** Checks a value, and returns what the schema makes of it. */
    readonly validate: (
      value: unknown,
    ) => StandardSchemaResult<Output> | Promise<StandardSchemaResult<Output>>;
    /** The types of the value before and after; undefined at run time. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}
