/** The queries that look for what waits are for. */

import type { Statement } from "../../sql/statement.ts";
import type { RunOptions, SystemDatabase } from "../database/system_database.ts";
import { joinLists } from "../database/text_lists.ts";

/** A row of a polling query. */
export interface PollRow {
  /** The position of its target in the list. */
  readonly position: number;
  /** Whether it is the last row of an answer that may lack rows, because there were too many bytes. */
  readonly is_cut?: boolean | null;
}

/** Bounds the memory that one answer takes, as `maxBytes` does, which may be exceeded by one value. */
export const maxRows = 1000;
const maxBytes = 1_000_000;

/** Finds those targets of a list that are there. */
export interface PollQuery<Row> {
  readonly name: string;
  /** Whether it finds workflows that have ended, of which a trigger may notify, and nothing else. */
  readonly findsCompletions: boolean;
  /** Returns rows of the targets that are there, as many as one answer may have. */
  run(database: SystemDatabase, items: readonly string[], options: RunOptions): Promise<Row[]>;
}

/**
 * A polling query for workflows that have ended, whose targets are their IDs. `single` finds one of them,
 * in less time.
 */
export function pollCompletions<Row>(
  statement: Statement<
    { targets: string; separator: string; max_bytes?: number; max_rows: number },
    Row
  >,
  single?: Statement<{ workflow_id: string }, Row>,
): PollQuery<Row> {
  return {
    name: statement.name,
    findsCompletions: true,
    run: (database, targets, options) =>
      single && targets.length === 1
        ? database.run(single, { workflow_id: targets[0]! }, options)
        : database.run(
          statement,
          { ...joinLists({ targets }), max_bytes: maxBytes, max_rows: maxRows },
          options,
        ),
  };
}

/**
 * A polling query whose targets are JSON objects. `single` finds one of them, in less time: its parameters
 * are the properties of the object.
 */
export function pollObjects<Row, Target extends object>(
  statement: Statement<
    { targets: string; max_bytes?: number; max_rows: number },
    Row
  >,
  single?: Statement<Target, Row>,
): PollQuery<Row> {
  return {
    name: statement.name,
    findsCompletions: false,
    run: (database, targets, options) =>
      single && targets.length === 1
        ? database.run(single, JSON.parse(targets[0]!) as Target, options)
        : database.run(
          statement,
          { targets: `[${targets.join()}]`, max_bytes: maxBytes, max_rows: maxRows },
          options,
        ),
  };
}
