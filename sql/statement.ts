/** A statement of sql/, with the types of its parameters and of its rows. */
export interface Statement<Parameters, Row> {
  readonly name: string;
  /** Its SQL, in the notation that sql/README.md describes. */
  readonly sql: string;
  /** The newest table or column that it cannot do without, and what that is for. */
  readonly needs?: { readonly column: string; readonly feature: string };
  readonly parameters?: Parameters;
  readonly row?: Row;
}
