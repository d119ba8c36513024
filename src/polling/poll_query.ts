/** The queries that look for what waits are for. */

import type { Statement } from "../../sql/statement.ts";
import type { RunOptions, SystemDatabase } from "../database/system_database.ts";
import { joinLists } from "../database/text_lists.ts";

/** A row of a polling query. */
export interface PollRow {
  /** The position of its target in the list. */
  readonly position: number;
  /** Whether it is the last row of an answer that may lack rows. */
  readonly is_cut: boolean;
}

// They bound the memory that one answer takes. The values of an answer may exceed them by one value.
const maxRows = 1000;
const maxBytes = 1_000_000;

/** Finds those targets of a list that are there. */
export interface PollQuery<Row> {
  readonly name: string;
  /** Returns rows of the targets that are there, as many as one answer may have. */
  run(database: SystemDatabase, items: readonly string[], options: RunOptions): Promise<Row[]>;
}

/** A polling query whose targets are texts, such as workflow IDs. */
export function pollTexts<Row>(
  statement: Statement<
    { targets: string; separator: string; max_bytes?: number; max_rows: number },
    Row
  >,
): PollQuery<Row> {
  return {
    name: statement.name,
    run: (database, targets, options) =>
      database.run(
        statement,
        { ...joinLists({ targets }), max_bytes: maxBytes, max_rows: maxRows },
        options,
      ),
  };
}

/** A polling query whose targets are JSON objects. */
export function pollObjects<Row>(
  statement: Statement<{ targets: string; max_bytes: number; max_rows: number }, Row>,
): PollQuery<Row> {
  return {
    name: statement.name,
    run: (database, targets, options) =>
      database.run(
        statement,
        { targets: `[${targets.join()}]`, max_bytes: maxBytes, max_rows: maxRows },
        options,
      ),
  };
}
