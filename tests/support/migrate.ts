/** The tables of every version of the schema, made by the migrations of DBOS's SDK. */
import {
  allMigrations,
  // deno-lint-ignore no-import-prefix -- the import maps of the tests have no paths of a package
} from "npm:@dbos-inc/dbos-sdk@5.3.0/internal/sysdb_migrations/internal/migrations";
import {
  runSysMigrationsPg,
  // deno-lint-ignore no-import-prefix -- the import maps of the tests have no paths of a package
} from "npm:@dbos-inc/dbos-sdk@5.3.0/internal/sysdb_migrations/migration_runner";

const migrations = allMigrations();

/** The oldest version that is supported: what DBOS for TypeScript 3.5.8 makes. */
export const oldestVersion = 24;
export const newestVersion: number = migrations.length;

/** Makes the tables as they are at a version of the schema. */
export async function migrate(
  connection: Parameters<typeof runSysMigrationsPg>[0],
  version: number = newestVersion,
): Promise<void> {
  await runSysMigrationsPg(connection, migrations.slice(0, version), "dbos", { onWarn: () => {} });
}

/** Whether a version differs from the one before: many change nothing in Postgres. */
export function isChange(version: number): boolean {
  return Boolean(migrations[version - 1]?.pg?.length);
}
