/** Tests for how long a client keeps which traces workers have left, and which calls share them. */
import { assertEquals, assertRejects } from "@std/assert";
import {
  applySchedules,
  type Client,
  createClient,
  createSchedule,
  enqueue,
  pauseSchedule,
  resumeSchedule,
  updateSchedule,
} from "../mod.ts";
import { openStatementRecorder, type StatementRecorder } from "./support/statement_recorder.ts";

const daily = { workflowName: "echo", schedule: "0 0 0 * * *" } as const;
const pickledNone = "gAROLg==";
const superjsonNone =
  '{"json":null,"meta":{"values":["undefined"]},"__dbos_serializer":"superjson"}';

interface Fixture extends StatementRecorder {
  /** The names of the statements that the client has sent since the last call, without their hashes. */
  takeNames(): string[];
  /** Writes a workflow as a worker in Python does. */
  writeTrace(applicationName?: string): Promise<void>;
  readContexts(): Promise<Record<string, string>>;
}

async function openFixture(): Promise<Fixture> {
  const names: string[] = [];
  const recorder = await openStatementRecorder(({ name }) => {
    names.push(name.replace(/^dbos_(\w+)_.{16}_\w+_dbos$/, "$1"));
  }, { hasWorker: false });
  const { pool } = recorder;
  return {
    ...recorder,
    takeNames: () => names.splice(0).filter((name) => name !== "find_features"),
    async writeTrace(applicationName) {
      const { workflowID } = await enqueue(pool, { workflowName: "echo", queueName: "idle" });
      await pool.query(
        `update dbos.workflow_status set serialization = 'py_pickle', application_name = $2
        where workflow_uuid = $1`,
        [workflowID, applicationName],
      );
    },
    async readContexts() {
      const { rows } = await pool.query(
        "select schedule_name, context from dbos.workflow_schedules order by schedule_name",
      );
      return Object.fromEntries(
        rows.map((row: Record<string, string>) => [row.schedule_name, row.context]),
      );
    },
    [Symbol.asyncDispose]: () => recorder[Symbol.asyncDispose](),
  };
}

/** Sets the clock ahead. */
function createClock(): Disposable & { advance(ms: number): void } {
  const { now } = performance;
  let aheadMs = 0;
  performance.now = () => now.call(performance) + aheadMs;
  return {
    advance: (ms) => void (aheadMs += ms),
    [Symbol.dispose]: () => void (performance.now = now),
  };
}

Deno.test("traces are read once in 30 seconds", async () => {
  await using fixture = await openFixture();
  using clock = createClock();
  const { client, takeNames, writeTrace, readContexts } = fixture;
  await createSchedule(client, { ...daily, scheduleName: "a" });
  assertEquals(takeNames(), ["find_traces", "create_schedule"]);
  await writeTrace();
  await createSchedule(client, { ...daily, scheduleName: "b" });
  await applySchedules(client, [{ ...daily, scheduleName: "c" }]);
  await updateSchedule(client, "a", { schedule: "@hourly" });
  await pauseSchedule(client, "a");
  await resumeSchedule(client, "a");
  assertEquals(takeNames(), [
    "create_schedule",
    "apply_schedules",
    "update_schedule",
    "set_schedule_status",
    "set_schedule_status",
  ]);
  clock.advance(30_000);
  await createSchedule(client, { ...daily, scheduleName: "d" });
  assertEquals(takeNames(), ["find_traces", "create_schedule"]);
  const [a, b, c, d] = Object.values(await readContexts());
  assertEquals([a, b, c, d], [superjsonNone, superjsonNone, superjsonNone, pickledNone]);
});

Deno.test("a schedule with a pickle is resumed by one statement where workers are in Python", async () => {
  await using fixture = await openFixture();
  const { client, takeNames, writeTrace, pool } = fixture;
  await writeTrace("shop");
  await createSchedule(client, { ...daily, scheduleName: "a", applicationName: "shop" });
  await pauseSchedule(client, "a");
  takeNames();
  await resumeSchedule(client, "a");
  assertEquals(takeNames(), ["resume_pickled_schedule"]);
  const { rows } = await pool.query("select status from dbos.workflow_schedules");
  assertEquals(rows, [{ status: "ACTIVE" }]);
});

Deno.test("a client knows the trace that it has left itself", async () => {
  const calls: Record<string, (client: Client) => Promise<void>> = {
    create: (client) =>
      createSchedule(client, { ...daily, scheduleName: "b", serializationType: "py_pickle" }),
    apply: (client) =>
      applySchedules(client, [{ ...daily, scheduleName: "b", serializationType: "py_pickle" }]),
    update: (client) => updateSchedule(client, "a", { context: 1, serializationType: "py_pickle" }),
  };
  for (const [action, call] of Object.entries(calls)) {
    await using fixture = await openFixture();
    const { client, readContexts } = fixture;
    await createSchedule(client, { ...daily, scheduleName: "a" });
    await call(client);
    await createSchedule(client, { ...daily, scheduleName: "c" });
    assertEquals((await readContexts()).c, pickledNone, action);
  }
});

Deno.test("a client knows the trace that it has left itself in schedules of no application", async () => {
  await using fixture = await openFixture();
  const { client, writeTrace, readContexts } = fixture;
  await writeTrace("B");
  // Workers of every application read it, so it is a pickle for those of B.
  await createSchedule(client, { ...daily, scheduleName: "a" });
  // Workers of A read it too, so what they read of their own is a pickle as well.
  await createSchedule(client, { ...daily, scheduleName: "b", applicationName: "A" });
  assertEquals(await readContexts(), { a: pickledNone, b: pickledNone });
});

Deno.test("calls at the same time share a reading, also if one of them is aborted", async () => {
  await using fixture = await openFixture();
  const { client, takeNames, readContexts } = fixture;
  const controller = new AbortController();
  const { signal } = controller;
  const create = (scheduleName: string, options = {}) =>
    createSchedule(client, { ...daily, scheduleName }, options);
  const aborted = assertRejects(() => create("aborted", { signal }), Error, "enough");
  const others = ["a", "b", "c"].map((name) => create(name));
  controller.abort(new Error("enough"));
  await Promise.all([aborted, ...others]);
  assertEquals(takeNames().filter((name) => name === "find_traces").length, 1);
  assertEquals(Object.keys(await readContexts()), ["a", "b", "c"]);

  await assertRejects(() => create("aborted", { signal }), Error, "enough");
  assertEquals(takeNames(), []);
});

Deno.test("a reading that failed is not kept", async () => {
  await using fixture = await openFixture();
  const { client, pool, readContexts } = fixture;
  const rename = (from: string, to: string) =>
    pool.query(`alter table dbos.workflow_status rename column ${from} to ${to}`);
  await rename("created_at", "hidden");
  await assertRejects(
    () => createSchedule(client, { ...daily, scheduleName: "a" }),
    Error,
    "created_at",
  );
  await rename("hidden", "created_at");
  await createSchedule(client, { ...daily, scheduleName: "a" });
  assertEquals(Object.keys(await readContexts()), ["a"]);
});

Deno.test("a transaction reads its own traces, and keeps none", async () => {
  await using fixture = await openFixture();
  const { pool, readContexts } = fixture;
  const connection = await pool.connect();
  // One client, in a transaction and out of it.
  const client = createClient(connection);
  try {
    await createSchedule(client, { ...daily, scheduleName: "a" });
    await connection.query("begin");
    const native = { serializationType: "py_pickle" } as const;
    await createSchedule(client, { ...daily, scheduleName: "b", ...native });
    await createSchedule(client, { ...daily, scheduleName: "c" });
    const { rows } = await connection.query(
      "select context from dbos.workflow_schedules where schedule_name = 'c'",
    );
    assertEquals(rows, [{ context: pickledNone }]);
    await connection.query("rollback");
    await createSchedule(client, { ...daily, scheduleName: "d" });
  } finally {
    await client.close();
    connection.release();
  }
  assertEquals(await readContexts(), { a: superjsonNone, d: superjsonNone });
});
