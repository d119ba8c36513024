/** Creates the system tables, which otherwise a DBOS application creates. */

import * as sql from "../../sql/testing/mod.ts";
import { createQueryBuilder } from "../database/query.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { sqlStateOf } from "../drivers/error_codes.ts";

/** The version of the schema that sql/testing/create_tables.sql creates. */
const schemaVersion = "123";

const duplicateSchema = "42P06";

/** Creates the schema of a system database and all that is in it. The schema must not exist. */
export async function createSystemTables(database: SystemDatabase): Promise<void> {
  const { schema } = database.settings;
  // No table exists yet, so the statements are compiled without reading the schema.
  const buildQuery = createQueryBuilder(schema, new Set());
  try {
    await database.send(buildQuery(sql.createTables, {}));
  } catch (error) {
    if (sqlStateOf(error) !== duplicateSchema) throw error;
    throw new Error(
      `Cannot create the system tables: the database already has a schema ${schema}. Start the test ` +
        "worker on an empty database, or give it another schema",
      { cause: error },
    );
  }
  await database.send(buildQuery(sql.createNotificationFunction, {}));
  await database.send(buildQuery(sql.createNotificationTrigger, {}));
  await database.send(buildQuery(sql.recordSchemaVersion, { version: schemaVersion }));
}
