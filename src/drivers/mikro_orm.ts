import type { CustomDriver } from "./driver.ts";
import { type Kysely, toKyselyDriver } from "./kysely.ts";

interface EntityManager {
  /** Since MikroORM 7. */
  getKysely?(): Kysely;
}

/**
 * Sends statements through an `EntityManager`, in its transaction while it has one. What it runs itself
 * would be logged with all values, and would have question marks replaced.
 */
export function toMikroORMDriver(em: EntityManager): CustomDriver {
  if (!em.getKysely) {
    throw new TypeError(
      "Cannot use the EntityManager of MikroORM as a client: it has no getKysely(). Pass one of " +
        "MikroORM 7 for Postgres",
    );
  }
  return {
    ...toKyselyDriver(em.getKysely()),
    query: (text, values) => toKyselyDriver(em.getKysely!()).query(text, values),
  };
}
