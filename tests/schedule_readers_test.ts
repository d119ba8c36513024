/** Tests that a schedule is written so that it does not stop the scheduler of the workers at hand. */
import { assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import {
  applySchedules,
  backfillSchedule,
  type Client,
  connect,
  createClient,
  createSchedule,
  enqueue,
  getSchedule,
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  triggerSchedule,
  UnreadableContextError,
  UnsupportedFeatureError,
  updateSchedule,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";

const ours = { scheduleName: "ours", workflowName: "echo", schedule: "0 0 * * * *" };
const pickledNone = "gASVAgAAAAAAAABOLg==";
/** A pickle of `Settings(level=3)`, whose class only Python knows. */
const pickledObject = "gASVKgAAAAAAAACMCF9fbWFpbl9flIwIU2V0dGluZ3OUk5QpgZR9lIwFbGV2ZWyUSwNzYi4=";

interface Fixture extends AsyncDisposable {
  readonly client: Client;
  readonly pool: pg.Pool;
  /** Writes a schedule as a worker does. */
  writeSchedule(columns: Record<string, unknown>): Promise<void>;
  /** Writes a workflow whose format is that of a worker. */
  writeWorkflow(serialization: string, applicationName?: string): Promise<void>;
  /** The columns of the schedule `ours`. */
  readOurs(...columns: string[]): Promise<unknown[]>;
}

/** Opens a database without a worker, after a change of its schema. */
async function openFixture(change?: string, version?: number): Promise<Fixture> {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  const pool = new pg.Pool({ connectionString: url });
  resources.defer(() => pool.end());
  const connection = await pool.connect();
  await migrate(connection, version);
  if (change) await connection.query(change);
  connection.release();
  const client = resources.use(await connect(url));
  return {
    client,
    pool,
    async writeSchedule(columns) {
      const row = { ...theirs, ...columns };
      const names = Object.keys(row);
      const values = names.map((_, index) => `$${index + 1}`);
      await pool.query(
        `insert into dbos.workflow_schedules (schedule_id, ${names})
        values (gen_random_uuid()::text, ${values})`,
        Object.values(row),
      );
    },
    async writeWorkflow(serialization, applicationName) {
      const { workflowID } = await enqueue(client, { workflowName: "echo", queueName: "idle" });
      await pool.query(
        `update dbos.workflow_status set serialization = $2, application_name = $3
        where workflow_uuid = $1`,
        [workflowID, serialization, applicationName],
      );
    },
    async readOurs(...columns) {
      const { rows: [row] } = await pool.query(
        `select ${columns} from dbos.workflow_schedules where schedule_name = 'ours'`,
      );
      return columns.map((column) => row[column]);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const theirs = { schedule_name: "theirs", workflow_name: "tick", schedule: "0 0 * * * *" };

// As in Python 2.13.
const dropFormats = "alter table dbos.workflow_status drop column serialization";

Deno.test("a context that cannot be written is named, and no schedule is", async () => {
  await using fixture = await openFixture();
  const bad = { user: { run() {} } };
  for (
    const [call, path] of [
      [(client) => createSchedule(client, { ...ours, context: bad }), "context.user.run"],
      [
        (client) => applySchedules(client, [ours, { ...ours, scheduleName: "b", context: bad }]),
        "schedules[1].context.user.run",
      ],
      [(client) => updateSchedule(client, "ours", { context: bad }), "context.user.run"],
    ] as [call: (client: Client) => Promise<void>, path: string][]
  ) {
    await assertRejects(() => call(fixture.client), TypeError, `Cannot serialize ${path} as `);
  }
  assertEquals(await listSchedules(fixture.client), []);
});

Deno.test("workers in Java beside those in TypeScript are spared contexts that they cannot read", async () => {
  await using fixture = await openFixture();
  await fixture.writeWorkflow("js_superjson");
  await fixture.writeWorkflow("java_jackson");
  await createSchedule(fixture.client, ours);
  assertEquals(await fixture.readOurs("context"), ["null"]);
});

/** What shows that workers in Python with their default serializer read schedules. */
const tracesOfPython: Record<string, () => Promise<Fixture>> = {
  async "a schedule"() {
    const fixture = await openFixture();
    await fixture.writeSchedule({ context: pickledNone });
    return fixture;
  },
  async "a workflow"() {
    const fixture = await openFixture();
    await fixture.writeWorkflow("py_pickle");
    return fixture;
  },
  async "a workflow that is followed by thousands of another application"() {
    const fixture = await openFixture();
    await fixture.writeWorkflow("py_pickle");
    await fixture.pool.query(
      `insert into dbos.workflow_status (workflow_uuid, status, application_name, serialization)
      select 'busy-' || number, 'SUCCESS', 'busy', 'portable_json'
      from generate_series(1, 5000) as number`,
    );
    return fixture;
  },
  "a schema without a column for formats": () => openFixture(dropFormats),
};

for (const [trace, open] of Object.entries(tracesOfPython)) {
  Deno.test(`a context is written as a pickle if ${trace} shows workers in Python`, async () => {
    await using fixture = await open();
    const { client, readOurs } = fixture;
    await createSchedule(client, ours);
    assertEquals(await readOurs("context", "workflow_class_name"), ["gAROLg==", null]);
    await updateSchedule(client, "ours", { context: { region: "north" } });
    assertEquals((await getSchedule(client, "ours"))?.context, { region: "north" });
    await applySchedules(client, [{ ...ours, context: [1] }]);
    assertEquals((await getSchedule(client, "ours"))?.context, [1]);
    await updateSchedule(client, "ours", { schedule: "0 1 * * * *" });
    assertEquals((await getSchedule(client, "ours"))?.context, [1]);
  });
}

Deno.test("a context that would stop workers in Python is refused unless forced", async () => {
  await using fixture = await openFixture();
  const { client, writeSchedule, readOurs } = fixture;
  await writeSchedule({ context: pickledNone });
  for (const serializationType of ["portable", "superjson", "native"] as const) {
    const options = { ...ours, serializationType };
    const calls = {
      create: () => createSchedule(client, options),
      apply: () => applySchedules(client, [{ ...ours, scheduleName: "other" }, options]),
      update: () => updateSchedule(client, "ours", { context: 1, serializationType }),
    };
    for (const [action, call] of Object.entries(calls)) {
      const error = await assertRejects(
        call,
        UnreadableContextError,
        `Cannot ${action} schedule ours: `,
      );
      assertEquals([error.scheduleName, error.expectedFormat], ["ours", "py_pickle"]);
    }
  }
  assertEquals(await getSchedule(client, "ours"), null);
  assertEquals(await getSchedule(client, "other"), null);

  const forced = { serializationType: "portable", forceSerializationType: true } as const;
  await createSchedule(client, { ...ours, ...forced });
  assertEquals(await readOurs("context"), ["null"]);
  await updateSchedule(client, "ours", { context: 1, ...forced });
  await applySchedules(client, [{ ...ours, context: 2, ...forced }]);
  assertEquals(await readOurs("context"), ["2"]);
});

Deno.test("a paused schedule whose context would stop workers is not resumed unless forced", async () => {
  await using fixture = await openFixture();
  const { pool, writeSchedule, writeWorkflow, readOurs } = fixture;
  await createSchedule(pool, { ...ours, context: { a: 1 } });
  await pauseSchedule(pool, "ours");
  // Until these start, nothing is in the way.
  await resumeSchedule(pool, "ours");
  await pauseSchedule(pool, "ours");
  await writeWorkflow("py_pickle");
  // The first one keeps for 30 seconds which workers there are.
  const { client } = fixture;
  const error = await assertRejects(
    () => resumeSchedule(client, "ours"),
    UnreadableContextError,
    "Cannot resume schedule ours: workers in Python read it",
  );
  assertEquals([error.scheduleName, error.expectedFormat], ["ours", "py_pickle"]);
  assertEquals(await readOurs("status"), ["PAUSED"]);
  await updateSchedule(client, "ours", { context: { a: 1 } });
  await resumeSchedule(client, "ours");
  assertEquals(await readOurs("status"), ["ACTIVE"]);

  const forced = { serializationType: "portable", forceSerializationType: true } as const;
  await updateSchedule(client, "ours", { context: 1, ...forced });
  await pauseSchedule(client, "ours");
  await resumeSchedule(client, "ours", { forceSerializationType: true });
  assertEquals(await readOurs("status"), ["ACTIVE"]);
  await writeSchedule({ context: pickledNone, status: "PAUSED" });
  await resumeSchedule(client, "theirs");
  await resumeSchedule(client, "no such schedule");
});

Deno.test("a schedule of workers in Java is resumed, with their classes only", async () => {
  await using fixture = await openFixture();
  const { client, writeSchedule, readOurs } = fixture;
  const contexts = ['{"@class":"java.util.HashMap"}', '["java.util.ArrayList",[1]]', '"text"'];
  for (const [index, context] of contexts.entries()) {
    await writeSchedule({ schedule_name: `${index}`, context, status: "PAUSED" });
    await resumeSchedule(client, `${index}`);
  }
  await writeSchedule({ schedule_name: "ours", context: '{"a":1}', status: "PAUSED" });
  await assertRejects(() => resumeSchedule(client, "ours"), UnreadableContextError);
  assertEquals(await readOurs("status"), ["PAUSED"]);
});

Deno.test("an update of a schedule of no application respects the workers of all of them", async () => {
  await using fixture = await openFixture();
  const { pool, writeSchedule, writeWorkflow } = fixture;
  await writeSchedule({ schedule_name: "ours", context: "null" });
  await writeWorkflow("py_pickle", "python");
  const client = createClient(pool, { applicationName: "typescript" });
  const update = { context: 1, serializationType: "superjson" } as const;
  await assertRejects(() => updateSchedule(client, "ours", update), UnreadableContextError);
  await assertRejects(() => resumeSchedule(client, "ours"), UnreadableContextError);
  // This one becomes that of the client's application.
  await applySchedules(client, [{ ...ours, ...update }]);
  await updateSchedule(client, "ours", update);
});

Deno.test("only the workers that read a schedule decide on the format of its context", async () => {
  await using fixture = await openFixture();
  const { client, writeSchedule, writeWorkflow, readOurs } = fixture;
  await writeSchedule({ context: pickledNone, application_name: "python" });
  await writeWorkflow("js_superjson", "typescript");
  const portable = { ...ours, serializationType: "portable" } as const;
  await createSchedule(client, { ...portable, applicationName: "typescript" });
  assertEquals(await readOurs("context"), ["null"]);
  // The owner of the schedule does not change.
  await updateSchedule(client, "ours", { context: 1, serializationType: "portable" });
  const refused = { ...portable, scheduleName: "other" };
  for (const applicationName of [undefined, "python"]) {
    await assertRejects(
      () => createSchedule(client, { ...refused, ...(applicationName && { applicationName }) }),
      UnreadableContextError,
    );
  }
});

Deno.test("a schedule is written as the workers in Java and Go read it", async () => {
  for (const format of ["java_jackson", "DBOS_JSON", "DBOS_GOB"]) {
    await using fixture = await openFixture();
    const { client, writeWorkflow, readOurs } = fixture;
    await writeWorkflow(format);
    await createSchedule(client, { ...ours, context: "text" });
    const [className, timeZone] = format === "java_jackson" ? ["", null] : [null, ""];
    const columns = ["context", "workflow_class_name", "cron_timezone"];
    assertEquals(await readOurs(...columns), ['"text"', className, timeZone], format);
    assertEquals((await getSchedule(client, "ours"))?.cronTimezone, null);
    await updateSchedule(client, "ours", { cronTimezone: "UTC" });
    await updateSchedule(client, "ours", { cronTimezone: null });
    assertEquals(await readOurs(...columns), ['"text"', className, timeZone], format);
    // The time zone does not keep it from running.
    await triggerSchedule(client, "ours");
    assertEquals(
      (await backfillSchedule(client, "ours", new Date(0), new Date(3_600_001))).length,
      1,
    );
  }
});

Deno.test("workers in Java are spared contexts that are objects or pickles", async () => {
  await using fixture = await openFixture();
  const { client, writeSchedule } = fixture;
  await writeSchedule({ context: '{"@class":"java.util.HashMap"}' });
  const options = [
    { context: { a: 1 } },
    { context: [1] },
    { serializationType: "superjson" },
    { serializationType: "py_pickle" },
  ] as const;
  for (const each of options) {
    const error = await assertRejects(
      () => createSchedule(client, { ...ours, ...each }),
      UnreadableContextError,
    );
    assertEquals(error.expectedFormat, "java_jackson");
  }
});

Deno.test("a run of a schedule of Python gets its context as it is", async () => {
  await using fixture = await openFixture();
  const { client, pool, writeSchedule } = fixture;
  await writeSchedule({ context: pickledObject });
  const run = await triggerSchedule(client, "theirs");
  const { rows } = await pool.query("select serialization from dbos.workflow_status");
  assertEquals(rows, [{ serialization: "py_pickle" }]);
  const time = new Date(run.workflowID.replace("sched-theirs-trigger-", ""));
  const settings = { __class__: "__main__.Settings", level: 3 };
  assertEquals((await run.getStatus())?.input, [time, settings]);
});

Deno.test("a schedule is not run where no worker could read the format of its context", async () => {
  await using fixture = await openFixture(dropFormats);
  const { client, pool, writeSchedule } = fixture;
  for (const context of ["null", '{"json":null,"__dbos_serializer":"superjson"}']) {
    await writeSchedule({ schedule_name: context, context });
    for (
      const call of [
        () => triggerSchedule(client, context),
        () => backfillSchedule(client, context, new Date(0), new Date(7_200_000)),
      ]
    ) await assertRejects(call, UnsupportedFeatureError, "workflow_status.serialization");
  }
  await writeSchedule({ context: pickledNone });
  const run = await triggerSchedule(client, "theirs");
  const { rows } = await pool.query("select workflow_uuid from dbos.workflow_status");
  assertEquals(rows, [{ workflow_uuid: run.workflowID }]);
});

Deno.test("a schedule does not end the process of older TypeScript workers", async () => {
  // TypeScript 4.9 ends at a class name that is null.
  await using oldest = await openFixture(undefined, 34);
  await createSchedule(oldest.client, { ...ours, serializationType: "portable" });
  assertEquals(await oldest.readOurs("workflow_class_name"), [""]);

  // TypeScript 5.1 ends at a day that is not a number, but Python does not.
  await using older = await openFixture(undefined, 122);
  const special = { ...ours, schedule: "0 0 L * *" };
  await assertRejects(() => createSchedule(older.client, special), UnsupportedFeatureError);
  await createSchedule(older.client, { ...ours, schedule: "0 0 1 JUL wed" });
  await older.writeWorkflow("py_pickle");
  // Each client keeps for 30 seconds which workers there are.
  await applySchedules(createClient(older.pool), [special]);
  await older.writeWorkflow("js_superjson");
  await assertRejects(
    () => updateSchedule(createClient(older.pool), "ours", { schedule: "0 0 ? * 1" }),
    UnsupportedFeatureError,
  );
});
