import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import pg from "pg";
import {
  countWorkflows,
  type CountWorkflowsOptions,
  createClient,
  enqueue,
  getStatus,
  iterateWorkflows,
  type IterateWorkflowsOptions,
  listQueuedWorkflows,
  listWorkflows,
  type ListWorkflowsOptions,
  listWorkflowSteps,
  QueryTimeoutError,
  SerializedValue,
} from "../mod.ts";
import { newerFilters } from "../src/lists/filter_parameters.ts";
import { createTestDatabase, execute } from "./support/database.ts";
import { populate } from "./support/populate.ts";

interface Populated extends AsyncDisposable {
  url: string;
  pool: pg.Pool;
}

async function createPopulated(workflows: number): Promise<Populated> {
  const database = await createTestDatabase();
  await populate(database.url, workflows);
  const pool = new pg.Pool({ connectionString: database.url });
  return {
    url: database.url,
    pool,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

async function readIDs(pool: pg.Pool, condition: string): Promise<string[]> {
  const { rows } = await pool.query(
    `select workflow_uuid as id from dbos.workflow_status where ${condition}
    order by created_at, workflow_uuid`,
  );
  return rows.map(({ id }: { id: string }) => id);
}

async function collect(statuses: AsyncIterable<{ workflowID: string }>): Promise<string[]> {
  const ids = [];
  for await (const { workflowID } of statuses) ids.push(workflowID);
  return ids;
}

// Filters that the official TypeScript client lacks, or accepts in fewer forms.
const conditions: [ListWorkflowsOptions, string][] = [
  [{ className: "class3" }, "class_name = 'class3'"],
  [{ className: ["class3", "class4", "none"] }, "class_name in ('class3', 'class4')"],
  [{ configName: "french" }, "config_name = 'french'"],
  [{ deduplicationID: ["key50", "key2000"] }, "deduplication_id in ('key50', 'key2000')"],
  [{ isDebounced: true }, "is_debounced"],
  [{ isDebounced: false, hasParent: true }, "not is_debounced and parent_workflow_id is not null"],
  [
    { startTime: 1700000500000, endTime: new Date(1700000600000) },
    "created_at / 1000 - 1700000000 between 500 and 600",
  ],
  [{ startTime: "2023-11-14T23:43:20.000+01:00" }, "created_at >= 1700001800000"],
  [{ completedAfter: new Date(1700001900000) }, "completed_at >= 1700001900000"],
  [{ dequeuedBefore: 1700000100050 }, "started_at_epoch_ms <= 1700000100050"],
  [{ workflow_id_prefix: "order-1_" }, "false"],
  [{ workflow_id_prefix: ["order-1", "sched-"] }, "workflow_uuid ~ '^(order-1|sched-)'"],
  [{ workflow_id_prefix: ["order-1", "order-12"] }, "workflow_uuid like 'order-1%'"],
  [{ workflow_id_prefix: ["o", "é"] }, "workflow_uuid like 'o%'"],
  [{ status: [] }, "false"],
  [{ workflowName: [] }, "false"],
  [{ queuesOnly: true, status: "SUCCESS" }, "false"],
  [{ status: ["PENDING", "ERROR"] }, "status in ('PENDING', 'ERROR')"],
  [
    { status: ["DELAYED", "SUCCESS"], queueName: "queue5" },
    "status in ('DELAYED', 'SUCCESS') and queue_name = 'queue5'",
  ],
  [{ workflowName: ["name3", ",", "\u0001", "a'b\\"] }, "name = 'name3'"],
  [{ limit: 0 }, "false"],
];

Deno.test("lists, iterators and counts of workflows have the same filters", async (test) => {
  await using database = await createPopulated(2000);
  const { pool } = database;
  await pool.query(
    "update dbos.workflow_status set config_name = 'french' where priority = 0 and created_at % 7000 = 0",
  );
  for (const [options, condition] of conditions) {
    await test.step(Deno.inspect(options, { breakLength: Infinity }), async () => {
      const expected = await readIDs(pool, condition);
      const listed = await listWorkflows(pool, options);
      assertEquals(listed.map(({ workflowID }) => workflowID), expected);
      const { limit, ...filters } = options;
      if (limit !== undefined) return;
      assertEquals(await collect(iterateWorkflows(pool, { ...filters, pageSize: 7 })), expected);
      assertEquals(await countWorkflows(pool, filters), [{ count: expected.length }]);
    });
  }
});

Deno.test("sql/lists/count_workflows.sql has the filter lines of list_workflows.sql", async () => {
  const filterLines = async (name: string) => {
    const text = await Deno.readTextFile(new URL(`../sql/lists/${name}.sql`, import.meta.url));
    const lines = text.split("\n");
    const start = lines.findIndex((line) => line.startsWith("  where ")) + 1;
    const filters = lines.slice(start);
    return filters.slice(0, filters.findIndex((line) => !line.startsWith("    ")));
  };
  const onlyInList = /:workflow_id::|:after_time::|:before_time::/;
  const listed = (await filterLines("list_workflows")).filter((line) => !onlyInList.test(line));
  assert(listed.length > 30);
  assertEquals(await filterLines("count_workflows"), listed);
});

Deno.test("a filter on a column that older schemas lack tells the statement so", async () => {
  const text = await Deno.readTextFile(
    new URL("../sql/lists/list_workflows.sql", import.meta.url),
  );
  const [, , block] = text.split(/-- if :filters_newer_columns\n/);
  const lines = block!.slice(0, block!.indexOf("and (created_at, workflow_uuid)"));
  const used = [...lines.matchAll(/:([a-z_]+)::/g)].map(([, name]) => name!);
  const filters = new Set(used.filter((name) => name !== "separator"));
  assertEquals([...filters].sort(), [...newerFilters].sort());
});

Deno.test("iterateWorkflows() yields each workflow once, in both directions", async () => {
  await using database = await createPopulated(500);
  const { pool } = database;
  // Page boundaries fall between workflows of the same millisecond.
  await pool.query("update dbos.workflow_status set created_at = created_at / 30000 * 30000");
  const ids = await readIDs(pool, "true");
  for (const pageSize of [1, 7, 100, 500, 501]) {
    const options: IterateWorkflowsOptions = { pageSize, loadInput: false, loadOutput: false };
    assertEquals(await collect(iterateWorkflows(pool, options)), ids);
    const newestFirst = await collect(iterateWorkflows(pool, { ...options, sortDesc: true }));
    assertEquals(newestFirst, ids.toReversed());
  }
});

Deno.test("iterateWorkflows() yields each workflow once, whatever times are stored", async () => {
  await using database = await createPopulated(0);
  const { pool } = database;
  // As numbers, some of them are equal, and the last one is out of range.
  const times = ["-9223372036854775808", "0", "9007199254740992", "9007199254740993"];
  times.push("9007199254740993", "9223372036854775806", "9223372036854775807");
  await pool.query(
    `insert into dbos.workflow_status (workflow_uuid, created_at)
    select ordinality, time::bigint
    from unnest(string_to_array($1, ',')) with ordinality as input (time, ordinality)`,
    [times.join()],
  );
  const ids = times.map((_, index) => `${index + 1}`);
  for (const pageSize of [1, 2, 100]) {
    for (const sortDesc of [false, true]) {
      const found = [];
      for await (const { workflowID } of iterateWorkflows(pool, { pageSize, sortDesc })) {
        found.push(workflowID);
        if (found.length > ids.length) break;
      }
      assertEquals(found, sortDesc ? ids.toReversed() : ids);
    }
  }
  const [status] = await listWorkflows(pool, { limit: 1 });
  assertEquals([status?.status, status?.workflowName], ["", ""]);
});

Deno.test("iterateWorkflows() yields workflows enqueued meanwhile, until a break", async () => {
  await using database = await createPopulated(10);
  const seen = [];
  for await (const { workflowID } of iterateWorkflows(database.pool, { pageSize: 4 })) {
    seen.push(workflowID);
    if (seen.length === 1) {
      const options = { workflowName: "echo", queueName: "idle", workflowID: "new" };
      await enqueue(database.pool, options);
    }
    if (workflowID === "new") break;
  }
  assertEquals(seen.at(-1), "new");
  assertEquals(seen.length, 11);
});

Deno.test("countWorkflows() groups by each field and by time", async () => {
  await using database = await createPopulated(3000);
  const { pool } = database;
  // Of those that no executor has run, some have an empty one and some have none.
  await pool.query(
    `update dbos.workflow_status set executor_id = case when length(workflow_uuid) % 2 = 0 then '' end
    where executor_id < 'executor15'`,
  );
  const bucket = "created_at / 700000 * 700000";
  const groupings: [CountWorkflowsOptions, string, string][] = [
    [{ groupBy: ["status"] }, "status", "status"],
    [{ groupBy: ["workflowName"] }, 'name as "workflowName"', "name"],
    [{ groupBy: ["queueName"] }, 'queue_name as "queueName"', "queue_name"],
    [
      { groupBy: ["executorId"] },
      `nullif(executor_id, '') as "executorId"`,
      "nullif(executor_id, '')",
    ],
    [
      { groupBy: ["applicationName"] },
      'application_name as "applicationName"',
      "application_name",
    ],
    [
      { groupBy: ["applicationVersion"] },
      'application_version as "applicationVersion"',
      "application_version",
    ],
    [{ timeBucketMs: 700_000 }, `(${bucket})::float8 as "timeBucket"`, bucket],
    [
      { groupBy: ["status", "queueName"], timeBucketMs: 700_000 },
      `status, queue_name as "queueName", (${bucket})::float8 as "timeBucket"`,
      `status, queue_name, ${bucket}`,
    ],
  ];
  const aggregates: [NonNullable<CountWorkflowsOptions["select"]>[number], string][] = [
    ["minCreatedAt", "min(created_at)"],
    ["maxQueueWaitMs", "max(started_at_epoch_ms - created_at)"],
    ["maxTotalLatencyMs", "max(completed_at - created_at)"],
  ];
  for (const [name, expression] of aggregates) {
    const columns = `status, (${expression})::float8 as "${name}"`;
    groupings.push([{ groupBy: ["status"], select: [name] }, columns, "status"]);
  }
  const sorted = (rows: object[]) =>
    rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort();
  for (const [options, columns, expressions] of groupings) {
    const { rows } = await pool.query(
      `select ${columns}, count(*)::int from dbos.workflow_status
      where forked_from is null group by ${expressions}`,
    );
    const counts = await countWorkflows(pool, { ...options, isFork: false });
    assert(counts.length > 1);
    assertEquals(sorted(counts), sorted(rows));
  }
  assertEquals(await countWorkflows(pool, { groupBy: ["status"], workflowIDs: [] }), []);
  const select = aggregates.map(([name]) => name);
  assertEquals(await countWorkflows(pool, { workflowIDs: [], select }), [
    { count: 0, minCreatedAt: null, maxQueueWaitMs: null, maxTotalLatencyMs: null },
  ]);
  await pool.query(
    `update dbos.workflow_status set created_at = -9223372036854775808, completed_at = created_at
    where workflow_uuid = (select min(workflow_uuid) from dbos.workflow_status)`,
  );
  const [extreme] = await countWorkflows(pool, { select: ["maxTotalLatencyMs"] });
  assert(extreme!.maxTotalLatencyMs! > 2 ** 63);
});

Deno.test("lists default to the client's application unless they filter by ID", async () => {
  await using database = await createPopulated(100);
  const client = createClient(database.pool, { applicationName: "app1" });
  const own = await readIDs(database.pool, "coalesce(application_name, 'app1') = 'app1'");
  const all = await readIDs(database.pool, "true");
  const [other] = await readIDs(database.pool, "application_name = 'app2'");
  assert(own.length < all.length);

  assertEquals((await listWorkflows(client)).map(({ workflowID }) => workflowID), own);
  assertEquals(await collect(iterateWorkflows(client)), own);
  assertEquals(await countWorkflows(client), [{ count: own.length }]);
  assertEquals(await countWorkflows(client, { applicationName: [] }), [{ count: all.length }]);
  assertEquals((await listWorkflows(client, { workflowIDs: [other!] })).length, 1);
  assertEquals((await getStatus(client, other!))?.workflowID, other);
});

Deno.test("lists return a value that does not match its format as SerializedValue", async () => {
  await using database = await createPopulated(10);
  await database.pool.query(`update dbos.workflow_status set serialization = 'py_pickle'`);
  await database.pool.query(`update dbos.operation_outputs set serialization = 'py_pickle'`);
  const [status] = await listWorkflows(database.pool, { status: "SUCCESS", hasParent: true });
  assertEquals(status?.output, new SerializedValue("py_pickle", '{"done":true}'));
  const steps = await listWorkflowSteps(database.pool, status!.workflowID);
  assertEquals(steps?.map(({ output }) => output), [
    new SerializedValue("py_pickle", '"done"'),
    new SerializedValue("py_pickle", '"done"'),
    new SerializedValue("py_pickle", '"done"'),
  ]);
  const short = await listWorkflowSteps(database.pool, status!.workflowID, { loadOutput: false });
  assertEquals(short?.map(({ name, output }) => ({ name, output })), [
    { name: "step0", output: null },
    { name: "step1", output: null },
    { name: "step2", output: null },
  ]);
});

Deno.test("lists return a truncated value as SerializedValue", async () => {
  await using database = await createPopulated(10);
  const { pool } = database;
  await pool.query(`update dbos.workflow_status set serialization = 'js_superjson'`);
  await pool.query("update dbos.workflow_output set output = '{', error = null");
  const statuses = await listWorkflows(pool, { status: "SUCCESS", loadInput: false });
  assert(statuses.length > 1);
  for (const { output } of statuses) {
    assertEquals(output, new SerializedValue("js_superjson", "{"));
  }
});

Deno.test("lists in a transaction see its own writes", async () => {
  await using database = await createPopulated(10);
  const transaction = await database.pool.connect();
  await transaction.query("begin");
  const options = { workflowName: "echo", queueName: "idle", workflowID: "mine" };
  await enqueue(transaction, options, 1);
  const [status] = await listQueuedWorkflows(transaction, { queueName: "idle" });
  assertEquals(status?.input, [1]);
  assertEquals(await countWorkflows(transaction, { queueName: "idle" }), [{ count: 1 }]);
  assertEquals(await listWorkflowSteps(transaction, "mine"), []);
  assertEquals(await listWorkflows(database.pool, { workflowIDs: ["mine"] }), []);
  await transaction.query("rollback");
  transaction.release();
});

Deno.test("lists time out after observabilityQueryTimeoutMs", async () => {
  await using database = await createPopulated(10);
  const client = createClient(database.pool, { observabilityQueryTimeoutMs: 50 });
  await getStatus(client, "order-1");
  const blocker = await database.pool.connect();
  await blocker.query("begin");
  await blocker.query("lock table dbos.workflow_status");
  for (
    const read of [
      () => listWorkflows(client),
      () => countWorkflows(client),
      () => listWorkflowSteps(client, "order-1"),
      () => iterateWorkflows(client).next(),
    ]
  ) {
    const error = await assertRejects(read, QueryTimeoutError);
    assertEquals(error.timeoutMs, 50);
  }
  await blocker.query("rollback");
  blocker.release();
});

Deno.test("a filter on a column that an older schema lacks treats it as unset", async () => {
  await using database = await createPopulated(100);
  const { pool } = database;
  const columns = ["attributes", "schedule_name", "application_name", "was_forked_from"];
  for (const column of columns) {
    await pool.query(`alter table dbos.workflow_status drop column ${column}`);
  }
  const all = [{ count: 100 }];
  const none = [{ count: 0 }];
  assertEquals(await countWorkflows(pool, { attributes: { customer: 1 } }), none);
  assertEquals(await countWorkflows(pool, { scheduleName: "schedule1" }), none);
  assertEquals(await countWorkflows(pool, { applicationName: "app1" }), all);
  assertEquals(await countWorkflows(pool, { wasForkedFrom: true }), none);
  assertEquals(await countWorkflows(pool, { wasForkedFrom: false }), all);
  assertEquals((await listWorkflows(pool, { applicationName: "app1" })).length, 100);
  await pool.query("alter table dbos.workflow_status drop column completed_at");
  assertEquals(
    await countWorkflows(pool, { groupBy: ["applicationName"], select: ["maxTotalLatencyMs"] }),
    [{ count: 100, applicationName: null, maxTotalLatencyMs: null }],
  );
  assertEquals(
    await countWorkflows(pool, { groupBy: ["applicationName"], queueName: "none" }),
    [],
  );
});

Deno.test("prefix filters work in a database with a linguistic collation", async () => {
  await using database = await createTestDatabase();
  const name = new URL(database.url).pathname.slice(1);
  const serverUrl = new URL("/postgres", database.url).href;
  await execute(serverUrl, `drop database ${name}`);
  // It ignores punctuation, and sorts lower case before upper case.
  await execute(
    serverUrl,
    `create database ${name} template template0 locale_provider icu icu_locale 'en-u-ka-shifted'`,
  );
  await populate(database.url, 500);
  const pool = new pg.Pool({ connectionString: database.url });
  for (const prefix of ["order-", "order-1", "sched-nightly-2", "a", "9"]) {
    const listed = await listWorkflows(pool, { workflow_id_prefix: prefix });
    const expected = await readIDs(pool, `starts_with(workflow_uuid, '${prefix}')`);
    assertEquals(listed.map(({ workflowID }) => workflowID), expected);
  }
  await pool.end();
});

Deno.test("lists reject invalid filters before anything is sent", async () => {
  const closed = new pg.Pool({ connectionString: "postgres://127.0.0.1:1/none" });
  await closed.end();
  // deno-lint-ignore no-explicit-any
  const invalid: [any, typeof TypeError | typeof RangeError][] = [
    [{ workflowName: 7 }, TypeError],
    [{ workflowName: [7] }, TypeError],
    [{ workflowName: {} }, TypeError],
    [{ queueName: "" }, RangeError],
    [{ workflowIDs: ["a\0"] }, RangeError],
    [{ status: "DONE" }, RangeError],
    [{ status: "ERROR,SUCCESS" }, RangeError],
    [{ queuesOnly: 1 }, TypeError],
    [{ isFork: "yes" }, TypeError],
    [{ startTime: "soon" }, RangeError],
    [{ startTime: NaN }, RangeError],
    [{ endTime: true }, TypeError],
    [{ completedAfter: new Date(NaN) }, RangeError],
    [{ attributes: [1] }, TypeError],
    [{ attributes: { key: "a\0b" } }, RangeError],
  ];
  for (const [filters, error] of invalid) {
    await assertRejects(() => listWorkflows(closed, filters), error, "Cannot use");
    await assertRejects(() => countWorkflows(closed, filters), error, "Cannot use");
    assertThrows(() => iterateWorkflows(closed, filters), error, "Cannot use");
  }
  await assertRejects(() => listWorkflows(closed, { limit: -1 }), RangeError);
  await assertRejects(() => listWorkflows(closed, { offset: 0.5 }), RangeError);
  const notBoolean = 0 as unknown as boolean;
  for (const option of ["sortDesc", "loadInput", "loadOutput"]) {
    await assertRejects(() => listWorkflows(closed, { [option]: notBoolean }), TypeError, option);
  }
  assertThrows(() => iterateWorkflows(closed, { pageSize: 0 }), RangeError);
  await assertRejects(() => countWorkflows(closed, { timeBucketMs: 0 }), RangeError);
  // deno-lint-ignore no-explicit-any
  await assertRejects(() => countWorkflows(closed, { groupBy: ["owner" as any] }), RangeError);
  await assertRejects(
    () => countWorkflows(closed, { select: ["count" as "minCreatedAt"] }),
    RangeError,
  );
  await assertRejects(() => listWorkflowSteps(closed, ""), RangeError);
  await assertRejects(() => listWorkflowSteps(closed, "a", { limit: -1 }), RangeError);
});
