/** Tests that `doctor` finds what is wrong, and says what to do about it. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import pg from "pg";
import { enqueue } from "../mod.ts";
import { createCli, parseLines } from "./support/cli.ts";
import { createTestDatabase, execute, type TestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";
import { startPgBouncer, unavailable, withoutPreparedStatements } from "./support/pgbouncer.ts";
import { applyRoleScript, createRole } from "./support/roles.ts";
import { startReplication } from "./support/standby.ts";
import { startWorker } from "./support/start_worker.ts";

interface Finding {
  readonly check: string;
  readonly level: string;
  readonly message: string;
  readonly advice?: string;
}

/** Runs it, and returns its exit code and what it found. No secret may be in its output. */
async function diagnose(
  url: string,
  ...flags: readonly string[]
): Promise<{ code: number; findings: Finding[] }> {
  const { code, stdout, stderr } = await createCli(url).run("doctor", ...flags);
  assert(!/secret|postgres:\/\//.test(stdout + stderr), stdout + stderr);
  return { code, findings: parseLines(stdout) };
}

/** The findings that are not ok, as `check: message`. */
function problemsOf(findings: readonly Finding[]): string[] {
  return findings.filter(({ level }) => level !== "ok").map(({ check, message }) =>
    `${check}: ${message}`
  );
}

/** A database with the tables, which no worker uses. */
async function createMigrated(version?: number): Promise<TestDatabase> {
  const database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await migrate(client, version).finally(() => client.end());
  return database;
}

Deno.test("doctor finds nothing wrong beside a worker", async () => {
  await using database = await createTestDatabase();
  await using _worker = await startWorker({ systemDatabaseUrl: database.url });
  const { code, findings } = await diagnose(database.url);
  assertEquals([code, problemsOf(findings)], [0, []]);
  assertEquals(
    findings.map(({ check }) => check),
    ["connection", "pooler", "server", "schema", "privileges", "listen", "queues", "versions"],
  );
  const table = (await createCli(database.url).run("doctor", "--no-json")).stdout;
  assertMatch(
    table,
    /^ok {7}connection {2}Connected with the URL of DBOS_SYSTEM_DATABASE_URL\nok /,
  );
});

Deno.test("doctor says why it cannot connect, and what to do", async () => {
  await using database = await createTestDatabase();
  const missing = new URL(database.url);
  missing.password = "secret";
  missing.pathname = "/no_such_database";
  const cases = {
    "": "Set DBOS_SYSTEM_DATABASE_URL, or pass --database-url",
    "postgres://u:secret@127.0.0.1:1/x": "Check the host and the port",
    "postgres://u:secret@no-such-host.invalid/x": "Check the host name",
    [missing.href]: "Check the name of the database",
  };
  for (const [url, advice] of Object.entries(cases)) {
    const { code, findings } = await diagnose(url);
    assertEquals([code, findings.length, findings[0]!.level], [3, 1, "error"]);
    assertStringIncludes(findings[0]!.advice!, advice);
  }
  const { code, findings } = await diagnose(database.url);
  assertEquals(code, 3);
  assertStringIncludes(findings[0]!.message, "has no table workflow_status in schema dbos");
  // The message itself says what to do.
  assertEquals(findings[0]!.advice, undefined);
});

Deno.test("doctor names what an old schema lacks", async () => {
  await using database = await createMigrated(42);
  const { code, findings } = await diagnose(database.url);
  assertEquals(code, 0);
  const problems = problemsOf(findings).join("\n");
  assertStringIncludes(problems, "schema: The schema lacks: registered queues");
  assertStringIncludes(problems, "versions: No worker has registered an application version");
});

Deno.test("doctor names the privileges that a role lacks, and the script that grants them", async () => {
  await using role = await createRole();
  await using database = await createMigrated();
  const owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  await applyRoleScript(owner, "observe", role.name).finally(() => owner.end());
  // In a URL for Postgres, + is not a space.
  const { code, findings } = await diagnose(`${database.url}?options=-c%20role%3D${role.name}`);
  assertEquals(code, 0, JSON.stringify(findings));
  const [first, ...others] = findings.filter(({ check, level }) =>
    check === "privileges" && level === "warning"
  );
  assertMatch(first!.message, /^The role cannot enqueue: it lacks INSERT on workflow_status/);
  assertStringIncludes(first!.advice!, "sql/roles/enqueue.sql");
  assertEquals(others.length, 2);
  const allowed = findings.find(({ check, level }) => check === "privileges" && level === "ok");
  assertEquals(allowed?.message, "The role can read workflows, steps, events and streams");
});

Deno.test("doctor finds queues that nobody works on, and old versions", async () => {
  await using database = await createTestDatabase();
  await using _worker = await startWorker({ systemDatabaseUrl: database.url });
  const pool = new pg.Pool({ connectionString: database.url });
  await enqueue(pool, { workflowName: "echo", queueName: "taks", appVersion: "old" });
  await pool.query("update dbos.workflow_status set created_at = created_at - 120000");
  await pool.end();
  const { code, findings } = await diagnose(database.url);
  assertEquals(code, 0);
  const queue = findings.find(({ check, level }) => check === "queues" && level === "warning");
  assertMatch(queue!.message, /^Queue taks has 1 enqueued workflows?, the oldest for 2 min/);
  const registered = findings.find(({ check, level }) => check === "queues" && level === "ok");
  assertMatch(
    registered!.message,
    /^(1 queue is|\d+ queues are) registered, and 1 workflow is enqueued$/,
  );
  assertStringIncludes(queue!.advice!, "the most similar one that is registered is tasks");
  assertStringIncludes(
    problemsOf(findings).join("\n"),
    "versions: 1 unfinished workflow is of version old, which is not the latest",
  );
});

Deno.test("doctor finds a server that is read-only", async () => {
  await using database = await createMigrated();
  const name = new URL(database.url).pathname.slice(1);
  await execute(database.url, `alter database ${name} set default_transaction_read_only = on`);
  const { code, findings } = await diagnose(database.url);
  assertEquals(code, 0, JSON.stringify(findings));
  const finding = findings.find(({ check, level }) => check === "server" && level === "warning");
  assertEquals(finding?.message, "The server is read-only: reads and waits work, writes do not");
  assertStringIncludes(finding!.advice!, "target_session_attrs=read-write");
});

Deno.test("doctor tells a standby from a pooler", async () => {
  await using servers = await startReplication();
  const client = new pg.Client({ connectionString: servers.primaryUrl });
  await client.connect();
  await migrate(client).finally(() => client.end());
  await servers.untilReplayed();
  const { code, findings } = await diagnose(servers.standbyUrl);
  assertEquals(code, 0, JSON.stringify(findings));
  assertEquals(problemsOf(findings), [
    "server: The server is read-only: reads and waits work, writes do not",
    "listen: LISTEN does not work on a standby: waits only poll",
    "versions: No worker has registered an application version",
  ]);
});

Deno.test({
  name: `doctor finds a pooler that keeps no session${
    unavailable ? ` (skipped: ${unavailable})` : ""
  }`,
  ignore: unavailable !== undefined,
  async fn() {
    await using database = await createMigrated();
    await using pooler = await startPgBouncer(database.url, withoutPreparedStatements());
    const { code, findings } = await diagnose(pooler.url);
    assertEquals(code, 3, JSON.stringify(findings));
    const finding = findings.find(({ level }) => level === "error");
    assertStringIncludes(finding!.advice!, "add pgbouncer=true to the URL");
    const url = new URL(pooler.url);
    url.searchParams.set("pgbouncer", "true");
    const mended = await diagnose(url.href);
    assertEquals(mended.code, 0, JSON.stringify(mended.findings));
    assertStringIncludes(problemsOf(mended.findings).join("\n"), "listen: LISTEN does not work");
  },
});
