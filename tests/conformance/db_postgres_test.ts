import { skipReason } from "../support/db_postgres.ts";
import { dbPostgresTargets } from "./db_postgres_targets.ts";
import { testServerConformance } from "./test_conformance.ts";

for (const [name, open] of Object.entries(dbPostgresTargets)) {
  testServerConformance(name, open, { skipReason });
}
