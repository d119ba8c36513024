/** A statement of sql/, with the types of its parameters and of its rows. */
export interface Statement<Parameters, Row> {
  readonly name: string;
  /** Its SQL, in the notation that sql/README.md describes. */
  readonly sql: string;
  /** 96 bits of a cryptographic hash of its SQL. */
  readonly hash: string;
  /**
   * The columns of its rows, in the order of its select list, with the conditions under which they are
   * selected: `position int, name text if jobs.name`.
   */
  readonly columns?: string;
  /** The tables and columns that it cannot do without, and the feature that needs them. */
  readonly needs?: { readonly columns: readonly string[]; readonly feature: string };
  readonly parameters?: Parameters;
  readonly row?: Row;
}
