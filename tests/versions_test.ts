import { assert, assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import {
  type ApplicationRowCounts,
  type Client,
  connect,
  enqueue,
  getLatestApplicationVersion,
  getResult,
  getStatus,
  listApplicationVersions,
  NonExistentVersionError,
  OwnedByAnotherApplicationError,
  renameApplication,
  retrieveQueue,
  setLatestApplicationVersion,
  UnsupportedFeatureError,
} from "../mod.ts";
import { createTestDatabase, execute, type TestDatabase } from "./support/database.ts";
import { startWorker } from "./support/start_worker.ts";

const task = { workflowName: "echo", queueName: "tasks" };

/** Creates a database with the tables of a worker, which runs until `work` is done. */
async function createSystemDatabase(
  work: (client: Client) => Promise<unknown> = () => Promise.resolve(),
): Promise<TestDatabase> {
  const database = await createTestDatabase();
  await using _worker = await startWorker({ systemDatabaseUrl: database.url });
  await using client = await connect(database.url);
  await work(client);
  return database;
}

async function runAndGetVersion(client: Client): Promise<string | undefined> {
  const handle = await enqueue(client, task);
  await handle.getResult({ timeoutSeconds: 600 });
  return (await handle.getStatus())?.applicationVersion;
}

Deno.test("the latest version runs workflows that are enqueued without a version", async () => {
  await using database = await createTestDatabase();
  const systemDatabaseUrl = database.url;
  await using _old = await startWorker({ systemDatabaseUrl, applicationVersion: "v1" });
  await using _new = await startWorker({ systemDatabaseUrl, applicationVersion: "v2" });
  await using client = await connect(database.url);

  assertEquals((await getLatestApplicationVersion(client))?.versionName, "v2");
  assertEquals(await runAndGetVersion(client), "v2");
  for (const version of ["v1", "v2", "v1"]) {
    await setLatestApplicationVersion(client, version);
    assertEquals((await getLatestApplicationVersion(client))?.versionName, version);
    for (let count = 0; count < 5; count++) assertEquals(await runAndGetVersion(client), version);
  }
  const versions = await listApplicationVersions(client);
  assertEquals(versions.map(({ versionName }) => versionName), ["v1", "v2"]);
  assertEquals(versions.map(({ applicationName }) => applicationName), ["test-app", "test-app"]);
  assert(versions[0]!.versionTimestamp > versions[1]!.versionTimestamp);
  assert(versions[0]!.createdAt <= versions[1]!.createdAt);
});

Deno.test("application versions are listed and made the latest", async (test) => {
  await using database = await createSystemDatabase();
  await using client = await connect(database.url);
  await execute(
    database.url,
    `delete from dbos.application_versions;
    insert into dbos.application_versions (version_id, version_name, application_name)
    values ('1', 'shop-1', 'shop'), ('2', 'shop-2', 'shop'), ('3', 'bank-1', 'bank'),
      ('4', 'unclaimed', null)`,
  );
  const latestName = async (applicationName?: string) => {
    const options = applicationName ? { applicationName } : {};
    return (await getLatestApplicationVersion(client, options))?.versionName;
  };

  await test.step("each call makes its version the latest, even in quick succession", async () => {
    for (const versionName of ["shop-1", "shop-2", "shop-1", "shop-2", "shop-1"]) {
      await setLatestApplicationVersion(client, versionName);
      assertEquals(await latestName("shop"), versionName);
    }
  });

  await test.step("a version becomes the latest even if clocks have been ahead", async () => {
    await execute(
      database.url,
      `update dbos.application_versions set version_timestamp = version_timestamp + 3600000
      where version_name = 'shop-1'`,
    );
    await setLatestApplicationVersion(client, "shop-2", { applicationName: "shop" });
    assertEquals(await latestName("shop"), "shop-2");
    // The versions of other applications are not affected.
    await setLatestApplicationVersion(client, "bank-1", { applicationName: "bank" });
    const [bank] = await listApplicationVersions(client, { applicationName: "bank" });
    assertEquals(bank?.versionName, "bank-1");
    assert(bank!.versionTimestamp < Date.now() + 1_800_000);
  });

  await test.step("a missing version or one of another application is rejected", async () => {
    const missing = await assertRejects(
      () => setLatestApplicationVersion(client, "nobody's"),
      NonExistentVersionError,
      "Cannot make application version nobody's the latest: there is no such version",
    );
    assertEquals(missing.versionName, "nobody's");
    const foreign = await assertRejects(
      () => setLatestApplicationVersion(client, "bank-1", { applicationName: "shop" }),
      OwnedByAnotherApplicationError,
      "Cannot make application version bank-1 the latest for application shop: it belongs to " +
        "application bank",
    );
    assertEquals([foreign.applicationName, foreign.owner], ["shop", "bank"]);
  });

  await test.step("an unclaimed version goes to one of several concurrent callers", async () => {
    await using pool = Object.assign(new pg.Pool({ connectionString: database.url }), {
      [Symbol.asyncDispose]: () => pool.end(),
    });
    const owners = await Promise.all(
      ["shop", "bank", "shop", "bank"].map((applicationName) =>
        setLatestApplicationVersion(pool, "unclaimed", { applicationName }).then(
          () => applicationName,
          (error) => {
            assert(error instanceof OwnedByAnotherApplicationError);
            return error.owner;
          },
        )
      ),
    );
    assertEquals(new Set(owners).size, 1);
  });

  await test.step("the functions take part in the caller's transaction", async () => {
    const connection = new pg.Client({ connectionString: database.url });
    await connection.connect();
    const before = await latestName();
    await connection.query("begin");
    await assertRejects(
      () => setLatestApplicationVersion(connection, "nobody's"),
      NonExistentVersionError,
    );
    await setLatestApplicationVersion(connection, "shop-1");
    assertEquals((await getLatestApplicationVersion(connection))?.versionName, "shop-1");
    assertEquals(await latestName(), before);
    await connection.query("rollback");
    assertEquals(await latestName(), before);
    await connection.end();
  });

  await test.step("invalid names are rejected", async () => {
    for (const name of ["", "a\0b", 7 as never]) {
      await assertRejects(() => setLatestApplicationVersion(client, name), Error, "versionName");
      const options = { applicationName: name };
      await assertRejects(() => listApplicationVersions(client, options), Error, "Name");
      await assertRejects(() => getLatestApplicationVersion(client, options), Error, "Name");
    }
  });

  await test.step("schemas may lack application names, but not versions", async () => {
    await execute(
      database.url,
      "alter table dbos.application_versions drop column application_name",
    );
    await using older = await connect(database.url, { applicationName: "shop" });
    await setLatestApplicationVersion(older, "bank-1");
    assertEquals((await getLatestApplicationVersion(older))?.versionName, "bank-1");
    await execute(database.url, "drop table dbos.application_versions");
    await using oldest = await connect(database.url);
    for (
      const call of [
        () => setLatestApplicationVersion(oldest, "bank-1"),
        () => getLatestApplicationVersion(oldest),
        () => listApplicationVersions(oldest),
      ]
    ) {
      await assertRejects(call, UnsupportedFeatureError, "Cannot use application versions");
    }
  });
});

Deno.test("renameApplication() moves workflows to the workers of the new name", async () => {
  await using database = await createSystemDatabase(async (client) => {
    for (let count = 0; count < 5; count++) await runAndGetVersion(client);
  });
  await using client = await connect(database.url, { applicationName: "test-app" });
  const { workflowID } = await enqueue(client, task, 7);

  const progress: ApplicationRowCounts[] = [];
  const moved = await renameApplication(client, "test-app", "new-app", {
    batchSize: 2,
    onProgress: (counts) => progress.push(counts),
  });
  assertEquals(moved, { ...moved, schedules: 0, versions: 1, workflows: 6 });
  assert(moved.queues > 0);
  assertEquals(progress[0], { ...moved, workflows: 1, steps: 0 });
  assertEquals(progress.at(-1), moved);
  // First the pending workflow, then the five that have ended, in batches of two.
  assertEquals([...new Set(progress.map(({ workflows }) => workflows))], [1, 3, 5, 6]);
  assertEquals((await retrieveQueue(client, "tasks"))?.applicationName, "new-app");

  await using _worker = await startWorker({ systemDatabaseUrl: database.url, name: "new-app" });
  assertEquals(await getResult(client, workflowID, { timeoutSeconds: 600 }), [7]);
  assertEquals((await getStatus(client, workflowID))?.applicationName, "new-app");
});

Deno.test("renameApplication()", async (test) => {
  await using database = await createSystemDatabase();
  await using client = await connect(database.url);
  const resetRows = () =>
    execute(
      database.url,
      `delete from dbos.workflow_status;
      delete from dbos.operation_outputs;
      insert into dbos.workflow_status (workflow_uuid, name, status, application_name)
        select 'w' || number, 'echo', case when number = 1 then 'PENDING' else 'SUCCESS' end, 'shop'
        from generate_series(1, 9) as number;
      insert into dbos.operation_outputs
          (workflow_uuid, function_id, function_name, application_name)
        select workflow_uuid, step, 'step', application_name
        from dbos.workflow_status, generate_series(0, 3) as step`,
    );

  await test.step("stops on its signal, and continues when it is called again", async () => {
    await resetRows();
    const controller = new AbortController();
    const stop = new Error("stop");
    const error = await assertRejects(() =>
      renameApplication(client, "shop", "bank", {
        batchSize: 3,
        signal: controller.signal,
        onProgress: ({ workflows }) => workflows > 3 && controller.abort(stop),
      })
    );
    assertEquals(error, stop);
    const rest = await renameApplication(client, "shop", "bank", { batchSize: 3 });
    assertEquals(rest, { queues: 0, schedules: 0, versions: 0, workflows: 5, steps: 36 });
  });

  await test.step("moves a workflow that is added to the old name meanwhile", async () => {
    await resetRows();
    let added: Promise<void> | undefined;
    const moved = await renameApplication(client, "shop", "bank", {
      batchSize: 3,
      onProgress: ({ workflows }) => {
        if (workflows < 4) return;
        added ??= execute(
          database.url,
          `insert into dbos.workflow_status (workflow_uuid, name, status, application_name)
          values ('a', 'echo', 'ENQUEUED', 'shop')`,
        );
      },
    });
    await added;
    // If it was added too late, the next call moves it.
    const { workflows } = await renameApplication(client, "shop", "bank");
    assertEquals(moved.workflows + workflows, 10);
  });

  await test.step("takes part in the caller's transaction", async () => {
    await resetRows();
    const connection = new pg.Client({ connectionString: database.url });
    await connection.connect();
    await connection.query("begin");
    const { steps } = await renameApplication(connection, "shop", "bank", { batchSize: 2 });
    assertEquals(steps, 36);
    await connection.query("rollback");
    await connection.end();
    assertEquals((await getStatus(client, "w5"))?.applicationName, "shop");
  });

  await test.step("rejects invalid arguments", async () => {
    const invalid: [Parameters<typeof renameApplication>, typeof TypeError, string][] = [
      [[client, undefined, "bank"], TypeError, "expected oldName or adoptUnclaimedRows"],
      [[client, "bank", "bank"], RangeError, "oldName and newName are the same"],
      [[client, "", "bank"], RangeError, "oldName"],
      [[client, "shop", ""], RangeError, "newName"],
      [[client, "shop", 7 as never], TypeError, "newName"],
      [[client, "shop", "bank", { batchSize: 0 }], RangeError, "batchSize"],
      [[client, "shop", "bank", { batchSize: NaN }], RangeError, "batchSize"],
    ];
    for (const [args, errorClass, message] of invalid) {
      await assertRejects(() => renameApplication(...args), errorClass, message);
    }
  });

  await test.step("rejects a schema without application names", async () => {
    await execute(
      database.url,
      "alter table dbos.operation_outputs drop column application_name",
    );
    await using older = await connect(database.url);
    await assertRejects(
      () => renameApplication(older, "shop", "bank"),
      UnsupportedFeatureError,
      "Cannot use renameApplication",
    );
  });
});
