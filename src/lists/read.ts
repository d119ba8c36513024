/** Reads that may have to look at many rows. */

import { setStatementTimeout } from "../../sql/lists/mod.ts";
import type { Statement } from "../../sql/statement.ts";
import { sqlStateOf } from "../database/sql_state.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { QueryTimeoutError } from "../errors/managing.ts";

const queryCanceled = "57014";

/** Runs a statement that the server cancels after `observabilityQueryTimeoutMs`. */
export async function readWithinLimit<Parameters extends object, Row>(
  database: SystemDatabase,
  statement: Statement<Parameters, Row>,
  parameters: Parameters,
): Promise<Row[]> {
  const timeoutMs = database.settings.observabilityQueryTimeoutMs;
  // A limit would outlast the read in a transaction, whose own limit holds there.
  if (timeoutMs === 0 || database.transactionStatus() !== "none") {
    return await database.run(statement, parameters);
  }
  try {
    return await database.run(
      statement,
      parameters,
      (buildQuery) => buildQuery(setStatementTimeout, { timeout_ms: timeoutMs }),
    );
  } catch (error) {
    if (sqlStateOf(error) !== queryCanceled) throw error;
    throw new QueryTimeoutError(timeoutMs, { cause: error });
  }
}
