import * as driver from "@db/postgres";

export { Client, Pool } from "@db/postgres";

/** Why the tests of `@db/postgres` are skipped, if they are. */
export const skipReason: string | undefined = "unavailable" in driver
  ? String(driver.unavailable)
  : undefined;
