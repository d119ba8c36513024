import { assert, assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import {
  createClient,
  createSchedule,
  debounce,
  enqueue,
  enqueueMany,
  resumeWorkflow,
  triggerSchedule,
  WorkflowIDInUseError,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { startTcpProxy } from "./support/tcp_proxy.ts";
import { migrate } from "./support/migrate.ts";

// The older of these schemas cannot store the format of a value, which portable JSON needs.
const native = { serializationType: "native" } as const;
// The first schema version with the column owner_xid, and the first with creator_xid instead.
const firstOwnerVersion = 29;
const firstCreatorVersion = 123;

for (
  const version of [
    firstOwnerVersion - 1,
    firstOwnerVersion,
    firstCreatorVersion - 1,
    firstCreatorVersion,
  ]
) {
  Deno.test(`enqueue() recovers from a lost answer at schema version ${version}`, async (test) => {
    await using database = await createTestDatabase();
    await using proxy = await startTcpProxy(database.url);
    const connection = new pg.Client({ connectionString: database.url });
    await connection.connect();
    const pool = new pg.Pool({ connectionString: proxy.url });
    pool.on("error", () => {});
    await using _connections = {
      async [Symbol.asyncDispose]() {
        await pool.end();
        await connection.end();
      },
    };
    await migrate(connection, version);
    const client = createClient(pool, native);

    const idle = { workflowName: "echo", queueName: "idle" };
    const reject = { ...idle, workflowIDReusePolicy: "reject" } as const;
    const withID = () => ({ ...reject, workflowID: crypto.randomUUID() });
    // A unique text, by which the proxy recognises the statement.
    const marker = () => crypto.randomUUID();
    await enqueue(client, idle);

    await test.step("with a generated ID", async () => {
      const text = marker();
      const loss = proxy.loseAnswerTo(text);
      const { workflowID } = await enqueue(client, reject, text);
      assert(loss.isLost);
      const many = marker();
      const lossOfMany = proxy.loseAnswerTo(many);
      const [outcome] = await enqueueMany(client, [{ ...idle, args: [many] }]);
      assert(lossOfMany.isLost);
      assertEquals(outcome?.outcome, "enqueued");
      const { rows } = await connection.query(
        "select workflow_uuid from dbos.workflow_status where workflow_uuid = any($1)",
        [[workflowID, outcome?.workflowID]],
      );
      assertEquals(rows.length, 2);
    });

    await test.step("with an ID from the caller", async () => {
      const options = withID();
      const loss = proxy.loseAnswerTo(options.workflowID);
      const enqueued = enqueue(client, options);
      if (version < firstOwnerVersion) await assertRejects(() => enqueued, WorkflowIDInUseError);
      else assertEquals((await enqueued).workflowID, options.workflowID);
      assert(loss.isLost);
      const { rows: [row] } = await connection.query(
        "select status from dbos.workflow_status where workflow_uuid = $1",
        [options.workflowID],
      );
      assertEquals(row, { status: "ENQUEUED" });
    });

    await test.step("with an ID that another client has used", async () => {
      const options = withID();
      await enqueue(createClient(connection, native), options);
      const loss = proxy.loseAnswerTo(options.workflowID);
      await assertRejects(() => enqueue(client, options), WorkflowIDInUseError);
      assert(loss.isLost);
    });

    await test.step("owner_xid stays null if the schema has creator_xid", async () => {
      if (version < firstCreatorVersion) return;
      const { rows } = await connection.query(
        "select from dbos.workflow_status where owner_xid is not null or creator_xid is null",
      );
      assertEquals(rows, []);
    });
  });
}

/** A pool through a proxy, and a connection past it, to a database with the newest schema. */
async function openFixture() {
  const resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase());
  const proxy = resources.use(await startTcpProxy(database.url));
  const connection = new pg.Client({ connectionString: database.url });
  await connection.connect();
  resources.defer(() => connection.end());
  await migrate(connection);
  const pool = new pg.Pool({ connectionString: proxy.url });
  pool.on("error", () => {});
  resources.defer(() => pool.end());
  return { proxy, connection, pool, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

Deno.test("debounce() leaves one workflow if its answer is lost and the workflow starts", async () => {
  await using fixture = await openFixture();
  const { proxy, connection, pool } = fixture;
  const options = { workflowName: "echo", queueName: "idle" };
  const first = await debounce(pool, options, "key", 60_000, "first");
  const marker = crypto.randomUUID();
  const loss = proxy.loseAnswerTo(marker, async () => {
    // As a worker starts it.
    await connection.query(
      "update dbos.workflow_status set status = 'PENDING', deduplication_id = null " +
        "where status = 'DELAYED'",
    );
  });
  const second = await debounce(pool, options, "key", 1, marker);
  assert(loss.isLost);
  assertEquals(second.workflowID, first.workflowID);
  const { rows } = await connection.query("select workflow_uuid from dbos.workflow_status");
  assertEquals(rows, [{ workflow_uuid: first.workflowID }]);
});

Deno.test("resumeWorkflow() leaves a workflow to its worker if its answer is lost", async () => {
  await using fixture = await openFixture();
  const { proxy, connection, pool } = fixture;
  const { workflowID } = await enqueue(pool, { workflowName: "echo", queueName: "idle" });
  const start = "update dbos.workflow_status set status = 'PENDING', executor_id = 'worker'";
  const loss = proxy.loseAnswerTo("resume_workflows", async () => {
    await connection.query(start);
  });
  await resumeWorkflow(pool, workflowID);
  assert(loss.isLost);
  const read = "select status, executor_id from dbos.workflow_status";
  assertEquals((await connection.query(read)).rows, [{ status: "PENDING", executor_id: "worker" }]);
  // Another call takes it, as before.
  await resumeWorkflow(pool, workflowID);
  assertEquals((await connection.query(read)).rows[0].status, "ENQUEUED");
});

Deno.test("every call of triggerSchedule() runs the schedule, and once if an answer is lost", async () => {
  await using fixture = await openFixture();
  const { proxy, connection, pool } = fixture;
  const scheduleName = "new-year";
  await createSchedule(pool, { scheduleName, workflowName: "echo", schedule: "0 0 1 1 *" });
  const calls = Array.from(
    { length: 50 },
    (_, index) => triggerSchedule(index % 2 ? pool : connection, scheduleName),
  );
  const handles = await Promise.all(calls);
  assertEquals(new Set(handles.map(({ workflowID }) => workflowID)).size, 50);
  const loss = proxy.loseAnswerTo(`sched-${scheduleName}-trigger-`);
  await triggerSchedule(pool, scheduleName);
  assert(loss.isLost);
  const { rows } = await connection.query("select count(*)::int from dbos.workflow_status");
  assertEquals(rows, [{ count: 51 }]);
});
