/**
 * `deno task test:interop`: proves the features of suite.ts against a live worker of each language,
 * and that MATRIX.md says what came of it; with `-- --write` it writes MATRIX.md.
 */
import { assertEquals } from "@std/assert";
import pg from "pg";
import { connect, describeSystemDatabase, enqueue } from "../../mod.ts";
import { createTestDatabase } from "../support/database.ts";
import { type Language, languages } from "./languages.ts";
import { formatMatrix, readColumn, type Results } from "./matrix.ts";
import { startApplication } from "./start_application.ts";
import { features, type LiveWorker } from "./suite.ts";

const matrixFile = new URL("MATRIX.md", import.meta.url);
const results: Results = new Map();
const unavailable = new Map<Language, string>();
await Promise.all(languages.map(async (language) => {
  const reason = await language.install();
  if (reason) unavailable.set(language, reason);
}));

for (const language of languages) {
  const reason = unavailable.get(language);
  Deno.test({
    name: `the worker in ${language.name}${reason ? ` cannot run here: ${reason}` : ""}`,
    ignore: reason !== undefined,
    fn: (test) => proveAll(language, test),
  });
}

Deno.test("MATRIX.md says what came of it", async () => {
  const text = await Deno.readTextFile(matrixFile).catch(() => "");
  const columns = languages.map((language) =>
    results.get(language.name) ?? readColumn(text, language.name)
  );
  const matrix = formatMatrix(features.map(({ name }) => name), columns);
  if (Deno.args.includes("--write")) await Deno.writeTextFile(matrixFile, matrix);
  else assertEquals(text, matrix, "MATRIX.md is stale: run `deno task test:interop -- --write`");
});

async function proveAll(language: Language, test: Deno.TestContext): Promise<void> {
  await using database = await createTestDatabase();
  await using application = await startApplication(language.command, database.url);
  await using client = await connect(database.url);
  const pool = new pg.Pool({ connectionString: database.url });
  await using _pool = { [Symbol.asyncDispose]: () => pool.end() };
  const worker: LiveWorker = {
    client,
    nativeFormat: language.nativeFormat,
    start: (options, ...args) => enqueue(client, { queueName: "tasks", ...options }, ...args),
    async readFormat(workflowID) {
      const { rows: [row] } = await pool.query(
        "select serialization from dbos.workflow_status where workflow_uuid = $1",
        [workflowID],
      );
      return row.serialization;
    },
  };
  const cells = new Map<string, string>();
  // Together, as a busy application has it; each has workflows of its own.
  await Promise.all(features.map(async ({ name, prove }) => {
    const reason = language.impossible[name];
    const passed = await test.step({
      name,
      ignore: reason !== undefined,
      fn: () => prove(worker),
      sanitizeOps: false,
      sanitizeResources: false,
      sanitizeExit: false,
    });
    if (reason || passed) cells.set(name, reason ? `not possible: ${reason}` : "passed");
  }));
  if (cells.size < features.length) return;
  const { schemaVersion } = await describeSystemDatabase(client);
  const title = `${language.name}: ${application.sdk}, schema version ${schemaVersion}`;
  results.set(language.name, { title, cells });
}
