/** What a URL means to connect(), and to psql if it differs. */

/** What is expected of a URL. */
export interface Expected {
  /** `database user TLS`, or `plain`, if it connects; else what the error of connect() matches. */
  readonly outcome: string | RegExp;
  /** Where psql does something else: what, and why connect() does not. */
  readonly psql?: { readonly outcome: string | "refused"; readonly because: string };
  /** The first version of psql that knows the parameters. */
  readonly since?: number;
  /** The last version of psql that takes it. */
  readonly until?: number;
}

export type Cases =
  readonly (readonly [url: string, outcome: string | RegExp, rest?: Partial<Expected>])[];

/** A user that the test server trusts, and a database of it. */
export const at = "postgres://alice@127.0.0.1:<port>/shop";
