import { DBOSClient } from "@dbos-inc/dbos-sdk";
import { assert, assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import {
  applySchedules,
  backfillSchedule,
  type Client,
  ConflictingWorkflowError,
  connect,
  createSchedule,
  deleteSchedule,
  enqueue,
  getResult,
  getSchedule,
  getStatus,
  listSchedules,
  NonExistentScheduleError,
  OwnedByAnotherApplicationError,
  pauseSchedule,
  resumeSchedule,
  ScheduleExistsError,
  type ScheduleOptions,
  SerializedValue,
  triggerSchedule,
  UnsupportedFeatureError,
  UnsupportedSerializationError,
  updateSchedule,
} from "../mod.ts";
import { createTestDatabase, type TestDatabase } from "./support/database.ts";
import { startWorker } from "./support/start_worker.ts";
import { until } from "./support/until.ts";

const timeoutSeconds = 600;
const everySecond = { scheduleName: "every-second", workflowName: "echo", schedule: "* * * * * *" };
const newYear = { scheduleName: "new-year", workflowName: "echo", schedule: "@yearly" };
const context = { region: "north", since: new Date("2026-01-02T03:04:05.678Z"), none: undefined };

interface Fixture extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly client: Client;
  readonly pool: pg.Pool;
}

/** Opens a database with the tables of a worker, which keeps running if `withWorker` is set. */
async function openFixture({ withWorker }: { withWorker: boolean }): Promise<Fixture> {
  const resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase());
  const worker = await startWorker({ systemDatabaseUrl: database.url });
  if (withWorker) resources.use(worker);
  else await worker[Symbol.asyncDispose]();
  const client = resources.use(await connect(database.url));
  const pool = new pg.Pool({ connectionString: database.url });
  resources.defer(() => pool.end());
  return { database, client, pool, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

async function openOfficialClient(url: string): Promise<DBOSClient & AsyncDisposable> {
  const client = await DBOSClient.create({ systemDatabaseUrl: url });
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.destroy() });
}

async function findIDs(pool: pg.Pool, condition: string, values: unknown[]): Promise<string[]> {
  const { rows } = await pool.query(
    `select workflow_uuid as id from dbos.workflow_status ${condition}`,
    values,
  );
  return rows.map((row: { id: string }) => row.id);
}

/** The workflows that a schedule has started, and the times for which it has fired. */
async function findRuns(pool: pg.Pool, name: string): Promise<{ id: string; time: number }[]> {
  const ids = await findIDs(pool, "where schedule_name = $1 order by 1", [name]);
  return ids.map((id) => ({ id, time: Date.parse(id.slice(`sched-${name}-`.length)) }));
}

Deno.test("a schedule fires on a worker, and can be paused and resumed", async () => {
  await using fixture = await openFixture({ withWorker: true });
  const { client, pool } = fixture;
  const latestTime = async () => (await findRuns(pool, "every-second")).at(-1)?.time ?? 0;

  await createSchedule(client, { ...everySecond, context, queueName: "tasks" });
  await until(async () => (await findRuns(pool, "every-second")).length >= 2);
  const [run] = await findRuns(pool, "every-second");
  assertEquals(await getResult(client, run!.id, { timeoutSeconds }), [
    new Date(run!.time),
    context,
  ]);
  const status = await getStatus(client, run!.id);
  assertEquals([status?.queueName, status?.scheduleName], ["tasks", "every-second"]);
  await until(async () => (await getSchedule(client, "every-second"))!.lastFiredAt !== null);

  await pauseSchedule(client, "every-second");
  assertEquals((await getSchedule(client, "every-second"))?.status, "PAUSED");
  await until(async () => await latestTime() < Date.now() - 4000);

  const resumedAt = Date.now();
  await resumeSchedule(client, "every-second");
  await until(async () => await latestTime() > resumedAt);
  assertEquals((await getSchedule(client, "every-second"))?.status, "ACTIVE");

  await updateSchedule(client, "every-second", { context: "changed" });
  await until(async () => {
    const { id } = (await findRuns(pool, "every-second")).at(-1)!;
    const [, context] = await getResult<unknown[]>(client, id, { timeoutSeconds });
    return context === "changed";
  });

  await deleteSchedule(client, "every-second");
  await until(async () => await latestTime() < Date.now() - 4000);
  assertEquals(await getSchedule(client, "every-second"), null);
});

Deno.test("a schedule fires only on the workers of its application", async () => {
  await using fixture = await openFixture({ withWorker: true });
  const { client, pool } = fixture;
  await applySchedules(client, [
    { ...everySecond, scheduleName: "theirs", applicationName: "other-app" },
    { ...everySecond, scheduleName: "own", applicationName: "test-app" },
    { ...everySecond, scheduleName: "anyone's" },
  ]);
  await until(async () => (await findRuns(pool, "own")).length >= 3);
  await until(async () => (await findRuns(pool, "anyone's")).length >= 3);
  assertEquals(await findRuns(pool, "theirs"), []);
});

Deno.test("a nickname is stored as an expression that every worker can read", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { client } = fixture;
  const readSchedule = async () => (await getSchedule(client, "new-year"))?.schedule;
  await createSchedule(client, newYear);
  assertEquals(await readSchedule(), "0 0 1 1 *");
  await updateSchedule(client, "new-year", { schedule: "@Hourly" });
  assertEquals(await readSchedule(), "0 * * * *");
  await applySchedules(client, [newYear]);
  assertEquals(await readSchedule(), "0 0 1 1 *");
});

Deno.test("triggerSchedule() runs a schedule once, even if it is paused", async () => {
  await using fixture = await openFixture({ withWorker: true });
  const { client, pool } = fixture;
  await createSchedule(client, { ...newYear, context });
  await pauseSchedule(client, "new-year");
  const handle = await triggerSchedule<[Date, unknown]>(client, "new-year");
  const [time, given] = await handle.getResult({ timeoutSeconds });
  assertEquals(given, context);
  assertEquals(handle.workflowID, `sched-new-year-trigger-${time.toISOString()}`);
  assertEquals((await findRuns(pool, "new-year")).length, 1);
  assertEquals((await handle.getStatus())?.applicationVersion, "test-1");
});

Deno.test("backfillSchedule() runs each time once, even if called repeatedly", async () => {
  await using fixture = await openFixture({ withWorker: true });
  const { client, pool, database } = fixture;
  await createSchedule(client, { ...newYear, cronTimezone: "Asia/Kolkata", context });
  const [start, end] = [new Date("2020-12-31T18:30:00Z"), new Date("2024-12-31T18:30:00Z")];
  const workflowIDs = [2021, 2022, 2023]
    .map((year) => `sched-new-year-${year}-12-31T18:30:00.000Z`);
  const calls = await Promise.all(
    [1, 2, 3].map(() => backfillSchedule<[Date, unknown]>(client, "new-year", start, end)),
  );
  await using official = await openOfficialClient(database.url);
  for (const handles of [...calls, await official.backfillSchedule("new-year", start, end)]) {
    assertEquals(handles.map(({ workflowID }) => workflowID), workflowIDs);
  }
  for (const handle of calls[0]!) {
    const [time, given] = await handle.getResult({ timeoutSeconds });
    assertEquals([`sched-new-year-${time.toISOString()}`, given], [handle.workflowID, context]);
  }
  assertEquals((await findRuns(pool, "new-year")).map(({ id }) => id), workflowIDs);
});

Deno.test("backfillSchedule() throws if an ID belongs to another workflow", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { client } = fixture;
  await createSchedule(client, { ...newYear, cronTimezone: "UTC" });
  const workflowID = "sched-new-year-2022-01-01T00:00:00.000Z";
  await enqueue(client, { workflowName: "sum", queueName: "idle", workflowID });
  const [start, end] = [new Date("2020-06-01"), new Date("2022-06-01")];
  await assertRejects(
    () => backfillSchedule(client, "new-year", start, end),
    ConflictingWorkflowError,
  );
});

Deno.test("backfillSchedule() enqueues hundreds of times in order", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { client, pool } = fixture;
  await createSchedule(client, { ...everySecond, cronTimezone: "UTC", queueName: "idle" });
  const [start, end] = [new Date("2026-01-01T00:00:00Z"), new Date("2026-01-01T00:15:00Z")];
  const handles = await backfillSchedule(client, "every-second", start, end);
  const enqueued = await findIDs(pool, "order by created_at", []);
  assertEquals(enqueued, handles.map(({ workflowID }) => workflowID));
  assertEquals(handles.length, 15 * 60 - 1);
});

Deno.test("backfillSchedule() keeps to its times if the caller changes the Dates meanwhile", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { client } = fixture;
  await createSchedule(client, { ...everySecond, cronTimezone: "UTC", queueName: "idle" });
  const [start, end] = [new Date("2026-01-01T00:00:00Z"), new Date("2026-01-01T00:00:05Z")];
  const backfilling = backfillSchedule(client, "every-second", start, end);
  end.setTime(start.getTime());
  assertEquals((await backfilling).length, 4);
});

Deno.test("the official client and this one read the same schedule", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { client, database } = fixture;
  await using official = await openOfficialClient(database.url);
  const { queueName, cronTimezone } = { queueName: "tasks", cronTimezone: "Europe/Berlin" };
  await createSchedule(client, { ...newYear, context, queueName, cronTimezone });
  await official.createSchedule({ ...everySecond, context, options: { queueName, cronTimezone } });
  for (const name of ["new-year", "every-second"]) {
    const theirs: Record<string, unknown> = { ...await official.getSchedule(name) };
    if (theirs.applicationName === undefined) delete theirs.applicationName;
    assertEquals<unknown>(await getSchedule(client, name), theirs);
  }
});

Deno.test("schedules take effect when the transaction commits", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { client, pool } = fixture;
  const connection = await pool.connect();
  try {
    await connection.query("begin");
    await createSchedule(connection, newYear);
    await applySchedules(connection, [everySecond]);
    await updateSchedule(connection, "new-year", { schedule: "@monthly" });
    const handle = await triggerSchedule(connection, "new-year");
    assertEquals((await listSchedules(connection)).length, 2);
    await connection.query("rollback");
    assertEquals(await listSchedules(client), []);
    assertEquals(await getStatus(client, handle.workflowID), null);

    await connection.query("begin");
    await createSchedule(connection, newYear);
    await assertRejects(() => createSchedule(connection, newYear), ScheduleExistsError);
    await applySchedules(connection, [{ ...newYear, applicationName: "own" }]);
    const theirs = { ...newYear, applicationName: "theirs" };
    for (
      const write of [createSchedule(connection, theirs), applySchedules(connection, [theirs])]
    ) {
      const error = await assertRejects(() => write, OwnedByAnotherApplicationError);
      assertEquals([error.applicationName, error.owner], ["theirs", "own"]);
    }
    await assertRejects(() => updateSchedule(connection, "absent", {}), NonExistentScheduleError);
    await assertRejects(() => triggerSchedule(connection, "absent"), NonExistentScheduleError);
    const [start, end] = [new Date("2020-06-01"), new Date("2022-06-01")];
    assertEquals((await backfillSchedule(connection, "new-year", start, end)).length, 2);
    await connection.query("commit");
  } finally {
    connection.release();
  }
  assertEquals((await listSchedules(client)).map((one) => one.applicationName), ["own"]);
  assertEquals((await findRuns(pool, "new-year")).length, 2);
});

Deno.test("applySchedules() writes all schedules or none", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { client } = fixture;
  await createSchedule(client, { ...newYear, applicationName: "theirs" });
  const own = (options: ScheduleOptions) => ({ ...options, applicationName: "own" });
  await assertRejects(
    () => applySchedules(client, [own(everySecond), own(newYear)]),
    OwnedByAnotherApplicationError,
  );
  assertEquals((await listSchedules(client)).length, 1);
  await assertRejects(
    () => applySchedules(client, [everySecond, everySecond]),
    RangeError,
    "duplicate name",
  );
  await applySchedules(client, []);
});

Deno.test("listSchedules() lists the schedules with the given names", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { client } = fixture;
  const schedules = ["b", "a", "ab"].map((scheduleName) => ({ ...newYear, scheduleName }));
  await applySchedules(client, schedules);
  const namesOf = async (scheduleName: string | string[]) =>
    (await listSchedules(client, { scheduleName })).map((schedule) => schedule.scheduleName);
  assertEquals(await namesOf("a"), ["a"]);
  assertEquals(await namesOf(["b", "a", "absent"]), ["a", "b"]);
  assertEquals(await namesOf([]), []);
  assertEquals(await listSchedules(client, { scheduleName: "a", scheduleNamePrefix: "b" }), []);
  await assertRejects(() => listSchedules(client, { scheduleName: "" }), RangeError);
});

Deno.test("concurrent writes of the same schedules do not interfere", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { client } = fixture;
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, () => createSchedule(client, newYear)),
  );
  assertEquals(results.filter(({ status }) => status === "fulfilled").length, 1);
  for (const result of results) {
    if (result.status === "rejected") assert(result.reason instanceof ScheduleExistsError);
  }
  const schedules = Array.from({ length: 20 }, (_, index) => ({
    ...newYear,
    scheduleName: `new-year-${index}`,
  }));
  await Promise.all(
    Array.from(
      { length: 8 },
      (_, index) => applySchedules(client, index % 2 ? schedules : schedules.toReversed()),
    ),
  );
  assertEquals((await listSchedules(client)).length, 21);
});

Deno.test("a context is written as portable JSON with serializationType portable", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { client, database, pool } = fixture;
  const portable = { serializationType: "portable" } as const;
  await createSchedule(client, { ...newYear, ...portable, context: { at: new Date(5) } });
  const { rows } = await pool.query(
    "select context, workflow_class_name from dbos.workflow_schedules",
  );
  assertEquals(rows, [{ context: '{"at":"1970-01-01T00:00:00.005Z"}', workflow_class_name: null }]);
  const schedule = await getSchedule(client, "new-year");
  assertEquals(schedule?.context, { at: "1970-01-01T00:00:00.005Z" });
  assertEquals(schedule?.workflowClassName, "");
  // Workers in TypeScript cannot read it.
  await using official = await openOfficialClient(database.url);
  await assertRejects(() => official.getSchedule("new-year"), TypeError, "superjson");
  await updateSchedule(client, "new-year", { ...portable, context: [7] });
  const handle = await triggerSchedule(client, "new-year");
  const time = handle.workflowID.replace("sched-new-year-trigger-", "");
  assertEquals((await handle.getStatus())?.input, [time, [7]]);
});

Deno.test("a schedule whose context cannot be read can be listed, but not run", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { client, pool } = fixture;
  await createSchedule(client, newYear);
  for (const text of ["base64 of something", "gARO", "gASVAgAAAAAAAABOLg==AAAA"]) {
    await pool.query("update dbos.workflow_schedules set context = $1", [text]);
    const schedule = await getSchedule(client, "new-year");
    assertEquals(schedule?.context, new SerializedValue(null, text));
    await assertRejects(() => triggerSchedule(client, "new-year"), UnsupportedSerializationError);
  }
});

Deno.test("a schedule that cannot be run says why, whatever is stored of it", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { client, pool } = fixture;
  await createSchedule(client, newYear);
  const backfill = () => backfillSchedule(client, "new-year", new Date(0), new Date(4e10));
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  // They can be read, but not be written again.
  const contexts = [
    ...["1e999", '"\\ud800"', deep, '{"json":{"__proto__":1},"__dbos_serializer":"superjson"}'],
    `{"json":${deep},"__dbos_serializer":"superjson"}`,
  ];
  for (const text of contexts) {
    await pool.query("update dbos.workflow_schedules set context = $1", [text]);
    for (const call of [() => triggerSchedule(client, "new-year"), backfill]) {
      const error = await assertRejects(call, UnsupportedSerializationError, "Cannot serialize");
      assert(error.cause instanceof Error);
    }
  }
  for (const [column, text] of [["schedule", "often"], ["cron_timezone", "Mars/Olympus"]]) {
    await pool.query(`update dbos.workflow_schedules set context = 'null', ${column} = $1`, [text]);
    await assertRejects(backfill, RangeError, `Cannot use "${text}" as `);
    await triggerSchedule(client, "new-year");
    await pool.query("update dbos.workflow_schedules set schedule = '@yearly'");
  }
});

Deno.test("functions for schedules throw if a table or column is missing", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { database, pool } = fixture;
  await pool.query("alter table dbos.workflow_schedules drop column cron_timezone");
  await pool.query("drop table dbos.application_versions");
  {
    await using client = await connect(database.url);
    await createSchedule(client, newYear);
    assertEquals((await getSchedule(client, "new-year"))?.cronTimezone, null);
    const handle = await triggerSchedule(client, "new-year");
    assertEquals((await handle.getStatus())?.applicationVersion, undefined);
    await assertRejects(
      () => updateSchedule(client, "new-year", { cronTimezone: "UTC" }),
      UnsupportedFeatureError,
    );
  }
  await pool.query("drop table dbos.workflow_schedules");
  await using client = await connect(database.url);
  const calls: Record<string, () => Promise<unknown>> = {
    createSchedule: () => createSchedule(client, newYear),
    applySchedules: () => applySchedules(client, [newYear]),
    getSchedule: () => getSchedule(client, "new-year"),
    listSchedules: () => listSchedules(client),
    updateSchedule: () => updateSchedule(client, "new-year", {}),
    pauseSchedule: () => pauseSchedule(client, "new-year"),
    resumeSchedule: () => resumeSchedule(client, "new-year"),
    deleteSchedule: () => deleteSchedule(client, "new-year"),
    triggerSchedule: () => triggerSchedule(client, "new-year"),
    backfillSchedule: () => backfillSchedule(client, "new-year", new Date(0), new Date(1)),
  };
  for (const [name, call] of Object.entries(calls)) {
    await assertRejects(call, UnsupportedFeatureError, "workflow_schedules", name);
  }
});

Deno.test("functions for schedules reject invalid options before anything is sent", async () => {
  const pool = {
    totalCount: 0,
    query: () => Promise.reject(new Error("sent")),
    connect: () => Promise.reject(new Error("sent")),
  };
  const assertInvalid = (
    call: () => Promise<unknown>,
    error: typeof TypeError | typeof RangeError,
  ) => assertRejects(call, error, "Cannot ");
  const untyped = (value: unknown) => value as never;
  const invalidOptions: [Partial<ScheduleOptions>, typeof TypeError | typeof RangeError][] = [
    [{ scheduleName: "" }, RangeError],
    [{ workflowName: untyped(7) }, TypeError],
    [{ workflowClassName: " " }, RangeError],
    [{ schedule: untyped(undefined) }, TypeError],
    [{ schedule: "0 0 30 2 *" }, RangeError],
    [{ automaticBackfill: untyped("yes") }, TypeError],
    [{ cronTimezone: "Mars/Olympus" }, RangeError],
    [{ cronTimezone: "" }, RangeError],
    // JavaScript knows these, but Python and Java do not.
    [{ cronTimezone: "europe/berlin" }, RangeError],
    [{ cronTimezone: "utc" }, RangeError],
    [{ cronTimezone: "+01:00" }, RangeError],
    [{ forceSerializationType: untyped(1) }, TypeError],
    [{ queueName: "a\0" }, RangeError],
    [{ applicationName: untyped(null) }, TypeError],
    [{ serializationType: untyped("pickle") }, RangeError],
  ];
  for (const [options, error] of invalidOptions) {
    await assertInvalid(() => createSchedule(pool, { ...newYear, ...options }), error);
    await assertInvalid(
      () => applySchedules(pool, [everySecond, { ...newYear, ...options }]),
      error,
    );
  }
  await assertRejects(
    () => updateSchedule(pool, "new-year", { schedule: "x" }),
    RangeError,
    'Cannot use "x" as schedule of updateSchedule(): expected 5 or 6 fields',
  );
  await assertRejects(
    () => applySchedules(pool, [everySecond, { ...newYear, schedule: "x" }]),
    RangeError,
    'Cannot use "x" as schedule of schedules[1] of applySchedules(): expected 5 or 6 fields',
  );
  await assertInvalid(() => updateSchedule(pool, "", {}), RangeError);
  await assertInvalid(() => listSchedules(pool, { status: untyped("DONE") }), RangeError);
  await assertInvalid(() => listSchedules(pool, { workflowName: [untyped(7)] }), TypeError);
  await assertInvalid(() => getSchedule(pool, untyped(7)), TypeError);
  const [start, end] = [new Date(0), new Date(1)];
  await assertInvalid(() => backfillSchedule(pool, "x", untyped("2026"), end), TypeError);
  await assertInvalid(() => backfillSchedule(pool, "x", start, new Date(NaN)), RangeError);
});
