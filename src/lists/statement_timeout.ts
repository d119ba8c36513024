/** Limits how long the server may work on a list or count, which may read many rows. */

import * as sql from "../../sql/lists/mod.ts";
import type { Statement } from "../../sql/statement.ts";
import type { RunOptions, SystemDatabase } from "../database/system_database.ts";
import { sqlStateOf } from "../drivers/sql_state.ts";
import { DatabaseTimeoutError } from "../errors/database.ts";
import { QueryTimeoutError } from "../errors/managing.ts";

const queryCanceled = "57014";

/**
 * How to run a query that ends after `limitMs`. The server cannot be told of the limit in the query
 * itself. So where a driver sends only one statement at a time, the client gives up after that time.
 */
async function limitTo(
  limitMs: number,
  { adapter, settings }: SystemDatabase,
): Promise<RunOptions> {
  const { queryInOneMessage } = await adapter.load();
  if (!queryInOneMessage) {
    let isOver = false;
    return {
      timeoutMs: limitMs,
      // The server may still be working on it, so it is not sent again.
      onRetry: (error) => isOver ||= error instanceof DatabaseTimeoutError,
      isNeeded: () => !isOver,
    };
  }
  return {
    // The server cancels the query earlier than an attempt gives up.
    timeoutMs: limitMs + settings.attemptTimeoutSeconds * 1000,
    prelude: (buildQuery) => buildQuery(sql.setStatementTimeout, { timeout_ms: limitMs }),
  };
}

/** Runs a statement that ends after `observabilityQueryTimeoutMs`. */
export async function runWithTimeout<Parameters extends object, Row>(
  database: SystemDatabase,
  statement: Statement<Parameters, Row>,
  parameters: Parameters,
): Promise<Row[]> {
  const { attemptTimeoutSeconds, observabilityQueryTimeoutMs } = database.settings;
  const limitMs = observabilityQueryTimeoutMs || Infinity;
  // In a caller's transaction the limit would also apply to later statements.
  if (limitMs === Infinity || database.adapter.transactionStatus() !== "none") {
    const timeoutMs = limitMs + attemptTimeoutSeconds * 1000;
    return await database.run(statement, parameters, { timeoutMs });
  }
  const options = await limitTo(limitMs, database);
  try {
    return await database.run(statement, parameters, options);
  } catch (error) {
    const isLimit = sqlStateOf(error) === queryCanceled ||
      (!options.prelude && error instanceof DatabaseTimeoutError);
    throw isLimit ? new QueryTimeoutError(limitMs, { cause: error }) : error;
  }
}
