/** Limits how long the server may work on a list or count, which may read many rows. */

import * as sql from "../../sql/lists/mod.ts";
import type { Statement } from "../../sql/statement.ts";
import { sqlStateOf } from "../drivers/sql_state.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { QueryTimeoutError } from "../errors/managing.ts";

const queryCanceled = "57014";

/** Runs a statement that the server cancels after `observabilityQueryTimeoutMs`. */
export async function runWithTimeout<Parameters extends object, Row>(
  database: SystemDatabase,
  statement: Statement<Parameters, Row>,
  parameters: Parameters,
): Promise<Row[]> {
  const { attemptTimeoutSeconds, observabilityQueryTimeoutMs } = database.settings;
  const limitMs = observabilityQueryTimeoutMs || Infinity;
  // The server cancels the query earlier than an attempt gives up.
  const timeoutMs = limitMs + attemptTimeoutSeconds * 1000;
  // In a caller's transaction the limit would also apply to later statements.
  if (limitMs === Infinity || database.adapter.transactionStatus() !== "none") {
    return await database.run(statement, parameters, { timeoutMs });
  }
  try {
    return await database.run(statement, parameters, {
      timeoutMs,
      prelude: (buildQuery) => buildQuery(sql.setStatementTimeout, { timeout_ms: limitMs }),
    });
  } catch (error) {
    if (sqlStateOf(error) !== queryCanceled) throw error;
    throw new QueryTimeoutError(limitMs, { cause: error });
  }
}
