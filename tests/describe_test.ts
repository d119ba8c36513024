import { assert, assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import {
  connect,
  createClient,
  describeSystemDatabase,
  registerQueue,
  SystemSchemaNotFoundError,
} from "../mod.ts";
import { schemaFeatures, schemaReleases } from "../src/database/schema_history.ts";
import { createTestDatabase } from "./support/database.ts";
import { startWorker } from "./support/start_worker.ts";
import { migrate } from "./support/migrate.ts";

async function open(url: string): Promise<pg.Client & AsyncDisposable> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.end() });
}

Deno.test("describeSystemDatabase() describes the database of the newest release", async () => {
  const schema = "My Dbos";
  await using database = await createTestDatabase();
  await using _worker = await startWorker({ systemDatabaseUrl: database.url, schema });
  await using client = await connect(database.url, { schema });
  await registerQueue(client, "of the bank", { applicationName: "bank" });

  const { releases, features, ...description } = await describeSystemDatabase(client);
  assertEquals(description, {
    database: new URL(database.url).pathname.slice(1),
    schema,
    schemaVersion: 123,
    missingFeatures: [],
    applicationNames: ["bank", "test-app"],
    applicationVersions: ["test-1"],
    queues: ["of the bank", "partitioned", "prioritized", "single", "tasks"],
  });
  assertEquals(releases.TypeScript, "5.2 to 5.3");
  assertEquals(releases.Python, "3.2 to 3.3");
  assertEquals(features, schemaFeatures.map(({ name }) => name));
});

Deno.test("describeSystemDatabase() returns the releases of each schema version", async () => {
  await using database = await createTestDatabase();
  await using connection = await open(database.url);
  await using client = createClient(connection);
  let previousCount = 0;
  for (const [version, ...releases] of schemaReleases.TypeScript!) {
    await migrate(connection, version);
    const description = await describeSystemDatabase(client);
    assertEquals(description.schemaVersion, version);
    assertEquals(description.releases.TypeScript, releases.join(" to "));
    assert(description.features.length >= previousCount);
    previousCount = description.features.length;
  }
  assertEquals((await describeSystemDatabase(client)).missingFeatures, []);
});

Deno.test("describeSystemDatabase() knows the releases of every language", async () => {
  await using database = await createTestDatabase();
  await using connection = await open(database.url);
  const expected: Record<number, Record<string, string>> = {
    41: {
      ...{ TypeScript: "4.13 to 4.15", Python: "2.25 to 2.26", Go: "0.20" },
      ...{ Java: "1.1.0-m6", Rust: "before 0.5" },
    },
    107: {
      ...{ TypeScript: "4.26", Python: "2.30", Go: "1.2 to 1.3" },
      ...{ Java: "after 1.1.0-m6", Rust: "before 0.5" },
    },
    108: {
      ...{ TypeScript: "4.27", Python: "2.31", Go: "between 1.3 and 1.4" },
      ...{ Java: "after 1.1.0-m6", Rust: "0.5" },
    },
    122: {
      ...{ TypeScript: "5.1", Python: "3.1", Go: "between 1.5 and 1.6" },
      ...{ Java: "after 1.1.0-m6", Rust: "after 0.5" },
    },
  };
  for (const [version, releases] of Object.entries(expected)) {
    await migrate(connection, Number(version));
    assertEquals((await describeSystemDatabase(connection)).releases, releases);
  }
});

Deno.test("describeSystemDatabase() lists the features that an old schema lacks", async () => {
  await using database = await createTestDatabase();
  await using connection = await open(database.url);
  await migrate(connection, 36);
  const description = await describeSystemDatabase(connection);
  assertEquals(description.releases, {
    TypeScript: "between 4.10 and 4.11",
    Python: "between 2.22 and 2.23",
    Go: "between 0.16 and 0.17",
    Java: "before 1.0",
    Rust: "before 0.5",
  });
  assert(description.features.includes("schedules"));
  assertEquals(description.missingFeatures.slice(0, 3), [
    "time zones of schedules",
    "delays",
    "registered queues",
  ]);
  assertEquals(description.queues, []);
  assertEquals(description.applicationNames, []);
});

Deno.test("describeSystemDatabase() works without optional tables", async () => {
  await using database = await createTestDatabase();
  await using connection = await open(database.url);
  await migrate(connection);
  await connection.query("insert into dbos.queues (name, application_name) values ('q', 'shop')");
  for (const table of ["dbos_migrations", "application_versions", "workflow_schedules"]) {
    await connection.query(`drop table dbos.${table} cascade`);
  }
  // A new client, because a client caches the schema.
  await using client = await connect(database.url);
  const description = await describeSystemDatabase(client);
  assertEquals(description.schemaVersion, undefined);
  assertEquals(description.releases, {});
  assertEquals(description.applicationVersions, []);
  assertEquals(description.applicationNames, ["shop"]);
  assertEquals(description.queues, ["q"]);
  assertEquals(description.missingFeatures, [
    "schedules",
    "application versions",
    "time zones of schedules",
  ]);
});

Deno.test("describeSystemDatabase() throws if the database has no system tables", async () => {
  await using database = await createTestDatabase();
  await using connection = await open(database.url);
  await assertRejects(() => describeSystemDatabase(connection), SystemSchemaNotFoundError);
});
