/** Creates the tables of any version of the schema, with the migrations of DBOS's SDK. */
import {
  allMigrations,
  // deno-lint-ignore no-import-prefix -- the import maps of the tests do not map paths in packages
} from "npm:@dbos-inc/dbos-sdk@5.3.0/internal/sysdb_migrations/internal/migrations";
import {
  runSysMigrationsPg,
  // deno-lint-ignore no-import-prefix -- the import maps of the tests do not map paths in packages
} from "npm:@dbos-inc/dbos-sdk@5.3.0/internal/sysdb_migrations/migration_runner";

const migrations = allMigrations();

/** The oldest supported version, which DBOS for TypeScript 3.5.8 creates. */
export const oldestVersion = 24;
export const newestVersion: number = migrations.length;

/** Creates the tables of a version of the schema. */
export async function migrate(
  connection: Parameters<typeof runSysMigrationsPg>[0],
  version: number = newestVersion,
): Promise<void> {
  await runSysMigrationsPg(connection, migrations.slice(0, version), "dbos", { onWarn: () => {} });
}

/** Whether a version changes anything in Postgres. Many do not. */
export function isChange(version: number): boolean {
  return Boolean(migrations[version - 1]?.pg?.length);
}
