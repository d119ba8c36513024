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
  const timeoutMs = database.settings.observabilityQueryTimeoutMs;
  // In a caller's transaction the timeout would also apply to later statements.
  if (timeoutMs === 0 || database.adapter.transactionStatus() !== "none") {
    return await database.run(statement, parameters);
  }
  try {
    return await database.run(
      statement,
      parameters,
      (buildQuery) => buildQuery(sql.setStatementTimeout, { timeout_ms: timeoutMs }),
    );
  } catch (error) {
    if (sqlStateOf(error) !== queryCanceled) throw error;
    throw new QueryTimeoutError(timeoutMs, { cause: error });
  }
}
