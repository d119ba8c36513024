/** The queries that look for what waits are for. */

import type { Statement } from "../../sql/statement.ts";
import type { RunOptions, SystemDatabase } from "../database/system_database.ts";
import { joinLists } from "../database/text_lists.ts";

/** A row of a polling query: at least the position of its target in the list. */
export interface PollRow {
  readonly position: number;
}

/** Finds those targets of a list that are there. */
export interface PollQuery<Row> {
  readonly name: string;
  /** Returns rows of the targets that are there, at most `maxRows`. */
  run(
    database: SystemDatabase,
    items: readonly string[],
    maxRows: number,
    options: RunOptions,
  ): Promise<Row[]>;
}

/** A polling query whose targets are texts, such as workflow IDs. */
export function pollTexts<Row>(
  statement: Statement<{ targets: string; separator: string; max_rows: number }, Row>,
): PollQuery<Row> {
  return {
    name: statement.name,
    run: (database, targets, maxRows, options) =>
      database.run(statement, { ...joinLists({ targets }), max_rows: maxRows }, options),
  };
}

/** A polling query whose targets are JSON objects. */
export function pollObjects<Row>(
  statement: Statement<{ targets: string; max_rows: number }, Row>,
): PollQuery<Row> {
  return {
    name: statement.name,
    run: (database, targets, maxRows, options) =>
      database.run(statement, { targets: `[${targets.join()}]`, max_rows: maxRows }, options),
  };
}
