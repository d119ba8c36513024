/** A statement of sql/, with the types of its parameters and of its rows. */
export interface Statement<Parameters, Row> {
  readonly name: string;
  /**
   * What a line may depend on: a table or column that the schema has, or a parameter, with its colon,
   * that is given.
   */
  readonly conditions: readonly string[];
  readonly lines: readonly Line[];
  readonly parameters?: Parameters;
  readonly row?: Row;
}

/**
 * A line of SQL: as it is, or with the numbers of the conditions under which it is there, counted from
 * 1, below 0 where the condition must not hold.
 */
export type Line = string | readonly [code: string, ...numbers: number[]];
