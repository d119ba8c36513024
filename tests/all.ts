/**
 * What `deno test` runs without a path, as deno.json says: every test, on the Postgres server that
 * DBOS_TEST_DATABASE_URL names. It imports no test before it has checked that they can run, so that
 * its first lines say what is missing instead of hundreds of failures.
 */
import { fileURLToPath } from "node:url";
import { execute } from "./support/database.ts";
import { isJsrInReach } from "./support/jsr.ts";

async function findProblem(): Promise<string | undefined> {
  const url = Deno.env.get("DBOS_TEST_DATABASE_URL");
  if (!url) return "DBOS_TEST_DATABASE_URL is unset";
  const isJsrNeeded = import.meta.resolve("@std/assert").startsWith("jsr:");
  if (isJsrNeeded && !await isJsrInReach()) return "JSR is out of reach";
  try {
    await execute(url, "select 1");
  } catch (error) {
    return `the server of DBOS_TEST_DATABASE_URL cannot be used: ${error}`;
  }
}

function findTests(folder: URL): URL[] {
  return [...Deno.readDirSync(folder)]
    .sort((a, b) => a.name < b.name ? -1 : 1)
    .flatMap(({ name, isDirectory }) => {
      if (isDirectory) return name.startsWith(".") ? [] : findTests(new URL(`${name}/`, folder));
      return name.endsWith("_test.ts") ? [new URL(name, folder)] : [];
    });
}

const problem = await findProblem();
if (problem) {
  console.error(`Cannot run the tests: ${problem}.

Set DBOS_TEST_DATABASE_URL to the URL of a Postgres server on which databases may be created, or run
\`deno task test\`, which starts a server of its own and does without JSR where that is out of reach.
`);
  throw new Error("Cannot run the tests: see above");
}
// For tests that start Deno themselves, in other folders.
if (!Deno.env.has("DBOS_TEST_FLAGS")) {
  const config = fileURLToPath(new URL("../deno.json", import.meta.url));
  Deno.env.set("DBOS_TEST_FLAGS", JSON.stringify([`--config=${config}`]));
}
for (const { href } of findTests(new URL("./", import.meta.url))) await import(href);
