/** Opens a database in the memory of this process. */

import type { PGliteDriver } from "../drivers/driver.ts";

/** A database of PGlite, as far as a test worker uses it. */
export interface OpenPGlite extends PGliteDriver {
  close(): Promise<void>;
}

/** Opens a new, empty PGlite database. It is loaded on demand: its files have 20 MB. */
export async function openPGlite(): Promise<OpenPGlite> {
  try {
    const { PGlite } = await import("@electric-sql/pglite");
    return await PGlite.create();
  } catch (cause) {
    throw new Error(
      "Cannot start a test worker: PGlite does not start here. Install @electric-sql/pglite, or pass " +
        "an empty database as the option database",
      { cause },
    );
  }
}
