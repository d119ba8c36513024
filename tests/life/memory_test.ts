/** The memory of a client does not grow with the number of its calls. */
import { assert } from "@std/assert";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { createTestDatabase } from "../support/database.ts";
import { migrate } from "../support/migrate.ts";
import { run, testFlags } from "../support/run_example.ts";

// What is kept of a call would be at least 100 bytes, such as a listener or an entry of a map.
const maxBytesPerCall = 50;
// The compiler and the drivers still change their minds after the first tenth.
const slackBytes = 2_000_000;

/** How many calls are made of each case, in a short run. */
const shortCounts = {
  "enqueue and wait": 20_000,
  "different signals": 5000,
  "aborted waits": 10_000,
  "clients on one pool": 300,
  "different names and filters": 3000,
};
const longCounts: typeof shortCounts = {
  "enqueue and wait": 500_000,
  "different signals": 100_000,
  "aborted waits": 100_000,
  "clients on one pool": 10_000,
  "different names and filters": 50_000,
};

const isLong = Deno.env.has("DBOS_TEST_LONG");
const program = fileURLToPath(new URL("memory_program.ts", import.meta.url));
const flags = ["-A", "--no-check", "--v8-flags=--expose-gc", ...testFlags];

for (const [name, count] of Object.entries(isLong ? longCounts : shortCounts)) {
  for (const driver of ["npm:pg", "npm:postgres"]) {
    Deno.test(`the memory of a client is flat: ${name}, over ${driver}`, async () => {
      await using database = await createTestDatabase();
      const connection = new pg.Client({ connectionString: database.url });
      await connection.connect();
      await migrate(connection);
      await connection.end();
      const args = [...flags, program, driver, database.url, name, String(count)];
      const bytes = Number(await run([Deno.execPath(), "run", ...args]));
      if (isLong) console.log(`${count} calls of "${name}" over ${driver}: ${bytes} bytes more`);
      const maxBytes = slackBytes + maxBytesPerCall * count;
      assert(bytes < maxBytes, `${bytes} bytes more after ${count} calls`);
    });
  }
}
