/** Limits how long the server may work on a list or count, which may read many rows. */

import * as sql from "../../sql/lists/mod.ts";
import type { Statement } from "../../sql/statement.ts";
import type { RunOptions, SystemDatabase } from "../database/system_database.ts";
import { sqlStateOf } from "../drivers/error_codes.ts";
import { DatabaseTimeoutError } from "../errors/database.ts";
import { QueryTimeoutError } from "../errors/managing.ts";

const queryCanceled = "57014";

/** Has the server end a statement after `limitMs`, earlier than an attempt gives up. */
function limitOnServer(limitMs: number, attemptMs: number, separatesRows = false): RunOptions {
  const statement = separatesRows ? sql.selectStatementTimeout : sql.setStatementTimeout;
  return {
    timeoutMs: limitMs + attemptMs,
    prelude: (buildQuery) => buildQuery(statement, { timeout_ms: limitMs }),
  };
}

/**
 * Has the client give up after `limitMs`: the server can only be told of the limit in another statement of
 * the same message.
 */
function limitOnClient(limitMs: number): RunOptions {
  let isOver = false;
  return {
    timeoutMs: limitMs,
    // The server may still be working on it, so it is not sent again.
    onRetry: (error) => isOver ||= error instanceof DatabaseTimeoutError,
    isNeeded: () => !isOver,
  };
}

/** Runs a statement that ends after `observabilityQueryTimeoutMs`. */
export async function runWithTimeout<Parameters extends object, Row>(
  database: SystemDatabase,
  statement: Statement<Parameters, Row>,
  parameters: Parameters,
): Promise<Row[]> {
  const attemptMs = database.settings.attemptTimeoutSeconds * 1000;
  const limitMs = database.settings.observabilityQueryTimeoutMs;
  if (!limitMs) return await database.run(statement, parameters, { timeoutMs: Infinity });
  const isOutside = database.adapter.transactionStatus() === "none";
  const { queryInOneMessage, separatesRows } = await database.adapter.load();
  if (queryInOneMessage && !isOutside) {
    // In a caller's transaction the limit would also apply to later statements.
    return await database.run(statement, parameters, { timeoutMs: limitMs + attemptMs });
  }
  const options = queryInOneMessage
    ? limitOnServer(limitMs, attemptMs, separatesRows)
    : limitOnClient(limitMs);
  try {
    return await database.run(statement, parameters, options);
  } catch (error) {
    const isLimit = sqlStateOf(error) === queryCanceled ||
      (!queryInOneMessage && error instanceof DatabaseTimeoutError);
    throw isLimit ? new QueryTimeoutError(limitMs, { cause: error }) : error;
  }
}
