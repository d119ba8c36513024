/** Tests the spans of a client with `tracing`, and the trace context that its workflows get. */
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { SpanKind } from "@opentelemetry/api";
import pg from "pg";
import config from "../deno.json" with { type: "json" };
import {
  backfillSchedule,
  cancelWorkflow,
  type Client,
  connect,
  createClient,
  createSchedule,
  debounce,
  enqueue,
  enqueueMany,
  getEvent,
  getResult,
  getStatus,
  NonExistentWorkflowError,
  send,
  sendMany,
  triggerSchedule,
  waitAll,
  waitFirst,
  WorkflowError,
} from "../mod.ts";
import { type Call, calls } from "./support/calls.ts";
import { createTestDatabase, type TestDatabase } from "./support/database.ts";
import { migrate, oldestVersion } from "./support/migrate.ts";
import { findSecret } from "./support/secrets.ts";
import { type CollectedSpan, startCollector } from "./support/otlp_collector.ts";
import { run, testFlags } from "./support/run_example.ts";
import { openStatementRecorder } from "./support/statement_recorder.ts";
import { type RecordedSpan, recordSpans } from "./support/traces.ts";

const task = { workflowName: "echo", queueName: "tasks" };
const contextAttribute = "dbos.otelContext";

interface Fixture extends AsyncDisposable {
  database: TestDatabase;
  pool: pg.Pool;
  client: Client;
}

async function createFixture(version?: number): Promise<Fixture> {
  const resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase());
  const pool = new pg.Pool({ connectionString: database.url });
  pool.on("error", () => {});
  resources.defer(() => pool.end());
  await migrate(pool, version);
  const client = resources.use(createClient(pool, { tracing: true }));
  return { database, pool, client, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** The attributes of each workflow, by its ID. */
async function readAttributes(pool: pg.Pool): Promise<Record<string, unknown>> {
  const { rows: [row] } = await pool.query(
    "select coalesce(json_object_agg(workflow_uuid, attributes), '{}') as attributes " +
      "from dbos.workflow_status",
  );
  return row.attributes;
}

function toContext({ traceId, spanId }: Pick<RecordedSpan, "traceId" | "spanId">): object {
  return { [contextAttribute]: { traceparent: `00-${traceId}-${spanId}-01` } };
}

// The first test, because the others register an SDK.
Deno.test("without an SDK, calls of a traced client work and store no context", async () => {
  await using fixture = await createFixture();
  const { workflowID } = await enqueue(fixture.client, task, 1);
  assertEquals((await getStatus(fixture.client, workflowID))?.status, "ENQUEUED");
  assertEquals(await readAttributes(fixture.pool), { [workflowID]: null });
});

Deno.test("concurrent workflows share a statement, and each has a span and a context of its own", async () => {
  const texts: string[] = [];
  await using recorder = await openStatementRecorder(({ text }) => texts.push(text), {
    tracing: true,
    hasWorker: false,
  });
  const { client, pool } = recorder;
  await enqueue(client, task);
  await pool.query("delete from dbos.workflow_status");
  texts.length = 0;
  const workflowIDs = ["a", "b", "c"];
  let parentSpanId: string | undefined;
  const spans = await recordSpans(async ({ spanId }) => {
    parentSpanId = spanId;
    await Promise.all(workflowIDs.map((workflowID) => enqueue(client, { ...task, workflowID })));
  });
  assertEquals(texts.filter((text) => text.includes("insert into")).length, 1);
  assertEquals(spans.map((span) => span.parentSpanId), workflowIDs.map(() => parentSpanId));
  const stored = await readAttributes(pool);
  for (const span of spans) {
    assertEquals(stored[span.attributes["messaging.message.id"] as string], toContext(span));
  }
});

Deno.test("calls that send have the attributes of messaging, and the others those of databases", async () => {
  await using fixture = await createFixture();
  const { client } = fixture;
  const spans = await recordSpans(async () => {
    await enqueue(client, { ...task, workflowID: "a" });
    await enqueueMany(client, [{ ...task, workflowID: "b" }, { ...task, workflowID: "b" }]);
    await debounce(client, { workflowName: "echo", workflowID: "c" }, "key", 1000);
    await send(client, "a", "hello");
    await sendMany(client, [{ destinationID: "a", message: 1 }]);
    await getStatus(client, "a");
    await getEvent(client, "a", "key", { timeoutSeconds: 0 });
  });
  const messaging = (name: string) => ({
    "messaging.system": "dbos",
    "messaging.operation.name": name,
    "messaging.operation.type": "send",
  });
  const database = (name: string) => ({
    "db.system.name": "postgresql",
    "db.operation.name": name,
  });
  const ids = (workflowID: string) => ({
    "messaging.message.id": workflowID,
    "dbos.operation.workflow_id": workflowID,
    "dbos.workflow.name": "echo",
  });
  const { PRODUCER, CLIENT } = SpanKind;
  assertEquals(spans.map(({ name, kind, attributes }) => ({ name, kind, attributes })), [
    {
      name: "enqueue tasks",
      kind: PRODUCER,
      attributes: { ...messaging("enqueue"), "messaging.destination.name": "tasks", ...ids("a") },
    },
    {
      name: "enqueueMany",
      kind: PRODUCER,
      attributes: { ...messaging("enqueueMany"), "messaging.batch.message_count": 2 },
    },
    {
      name: "debounce _dbos_internal_queue",
      kind: PRODUCER,
      attributes: {
        ...messaging("debounce"),
        "messaging.destination.name": "_dbos_internal_queue",
        ...ids("c"),
      },
    },
    {
      name: "send",
      kind: PRODUCER,
      attributes: { ...messaging("send"), "messaging.destination.name": "a" },
    },
    {
      name: "sendMany",
      kind: PRODUCER,
      attributes: { ...messaging("sendMany"), "messaging.batch.message_count": 1 },
    },
    { name: "getStatus", kind: CLIENT, attributes: database("getStatus") },
    {
      name: "getEvent",
      kind: CLIENT,
      attributes: { ...database("getEvent"), "dbos.operation.workflow_id": "a" },
    },
  ]);
});

Deno.test("every way to enqueue stores the context of its span", async () => {
  await using fixture = await createFixture();
  const { client, pool } = fixture;
  const schedule = { scheduleName: "daily", workflowName: "echo", schedule: "0 0 * * *" };
  const [start, end] = [new Date("2026-01-01T12:00:00Z"), new Date("2026-01-03T12:00:00Z")];
  async function* jobs() {
    yield { ...task, workflowID: "streamed" };
  }
  await createSchedule(client, schedule);
  const cases: Record<string, (client: Client) => Promise<unknown>> = {
    enqueue: (client) => enqueue(client, task),
    "enqueueMany of an array": (client) => enqueueMany(client, [task, task]),
    "enqueueMany of an async iterable": (client) => enqueueMany(client, jobs()),
    debounce: (client) => debounce(client, task, "key", 1000),
    triggerSchedule: (client) => triggerSchedule(client, "daily"),
    backfillSchedule: (client) => backfillSchedule(client, "daily", start, end),
  };
  for (const [name, call] of Object.entries(cases)) {
    await pool.query("delete from dbos.workflow_status");
    const spans = await recordSpans(async () => void await call(client));
    assertEquals(spans.length, 1, name);
    const stored = Object.values(await readAttributes(pool));
    assert(stored.length > 0, name);
    for (const attributes of stored) assertEquals(attributes, toContext(spans[0]!), name);
  }
});

Deno.test("a call in a transaction stores the context as well", async () => {
  await using fixture = await createFixture();
  const connection = await fixture.pool.connect();
  try {
    await connection.query("begin");
    const client = createClient(connection, { tracing: true });
    const [span] = await recordSpans(async () => void await enqueue(client, task));
    assertEquals(await readAttributes(fixture.pool), {});
    await connection.query("commit");
    assertEquals(Object.values(await readAttributes(fixture.pool)), [toContext(span!)]);
  } finally {
    connection.release();
  }
});

Deno.test("attributes of the caller are kept, and a context of the caller's own as well", async () => {
  await using fixture = await createFixture();
  const { client, pool } = fixture;
  const own = { [contextAttribute]: { traceparent: "mine" } };
  const [span] = await recordSpans(async () => {
    await enqueue(client, { ...task, workflowID: "a", attributes: { customer: 7 } });
    await enqueue(client, { ...task, workflowID: "b", attributes: own });
  });
  assertEquals(await readAttributes(pool), { a: { customer: 7, ...toContext(span!) }, b: own });
});

Deno.test("where the schema has no attributes, workflows are enqueued without a context", async () => {
  await using fixture = await createFixture(oldestVersion);
  const { client, pool } = fixture;
  const native = { ...task, serializationType: "native" } as const;
  const spans = await recordSpans(async () => {
    await enqueue(client, native);
    await enqueueMany(client, [native]);
  });
  assertEquals(spans.map(({ name, isError }) => ({ name, isError })), [
    { name: "enqueue tasks", isError: false },
    { name: "enqueueMany", isError: false },
  ]);
  const { rows } = await pool.query("select status from dbos.workflow_status");
  assertEquals(rows, [{ status: "ENQUEUED" }, { status: "ENQUEUED" }]);
});

Deno.test("an error is the status of its span, by class or SQLSTATE", async () => {
  await using fixture = await createFixture();
  const { client, pool } = fixture;
  await enqueue(client, { ...task, workflowID: "failed" });
  const error = JSON.stringify({ name: "payload", message: "payload", code: "12345" });
  await pool.query(
    "update dbos.workflow_status set status = 'ERROR', error = $1, serialization = 'portable_json'",
    [error],
  );
  const signal = AbortSignal.abort("payload");
  const spans = await recordSpans(async () => {
    await assertRejects(() => send(client, "missing", 1), NonExistentWorkflowError);
    await assertRejects(() => getResult(client, "failed"), WorkflowError);
    await assertRejects(() => getStatus(client, "failed", { signal }));
    await pool.query(`
      create function refuse() returns trigger language plpgsql as
        $$begin raise exception 'payload'; end$$;
      create trigger refuse before insert on dbos.workflow_status execute function refuse()`);
    await assertRejects(() => enqueue(client, task));
  });
  assertEquals(
    spans.map(({ isError, attributes }) => ({ isError, type: attributes["error.type"] })),
    [
      { isError: true, type: "NonExistentWorkflowError" },
      { isError: true, type: "WorkflowError" },
      { isError: true, type: "_OTHER" },
      { isError: true, type: "P0001" },
    ],
  );
  assertEquals(spans.at(-1)!.attributes["db.response.status_code"], "P0001");
});

Deno.test("spans show neither payloads nor secrets", async () => {
  await using fixture = await createFixture();
  const secrets = ["payload-4f8a", "password-4f8a", "postgres://"];
  const [payload, password] = secrets as [string, string];
  const url = new URL(fixture.database.url);
  url.password = password;
  const spans = await recordSpans(async () => {
    await using client = await connect(url.href, { tracing: true });
    const { workflowID } = await enqueue(client, { ...task, attributes: { payload } }, payload);
    await send(client, workflowID, payload, { topic: payload });
    await fixture.pool.query("update dbos.workflow_status set status = 'ERROR', error = $1", [
      JSON.stringify({ name: payload, message: payload }),
    ]);
    await assertRejects(() => getResult(client, workflowID), WorkflowError);
    await assertRejects(() => enqueue(client, { ...task, priority: payload as never }));
    await getEvent(client, workflowID, "key", { timeoutSeconds: 0 });
  });
  assert(spans.length >= 4);
  const isSecret = (text: string) => secrets.some((secret) => text.includes(secret));
  assertEquals(findSecret(spans, isSecret), undefined);
});

Deno.test("every function but those that iterate makes a span with its name", async () => {
  // A wait of an iterator may take days, and it is not known whether anybody reads on.
  const iterators = ["followEvents", "readStream", "waitEach"];
  // These call another function.
  const others: Record<string, string> = {
    cancelWorkflow: "cancelWorkflows",
    deleteWorkflow: "deleteWorkflows",
    forkWorkflow: "forkWorkflows",
    resumeWorkflow: "resumeWorkflows",
    retrieveWorkflow: "getStatus",
  };
  const waits = /^(followEvents|get(Event|Result)|readStream|wait)/;
  await using fixture = await createFixture();
  const { client } = fixture;
  for (const [name, call] of Object.entries<Call>(calls)) {
    const spans = await recordSpans(async () => {
      // Whether it succeeds does not matter.
      await call(client, waits.test(name) ? { timeoutSeconds: 0 } : {}).catch(() => {});
    });
    const names = new Set(spans.map(({ name }) => name.split(" ")[0]));
    assertEquals([...names], iterators.includes(name) ? [] : [others[name] ?? name], name);
  }
});

Deno.test("handles that a traced call returns are traced as well", async () => {
  await using fixture = await createFixture();
  const { client } = fixture;
  const spans = await recordSpans(async () => {
    const handle = await enqueue(client, { ...task, workflowID: "a" });
    await cancelWorkflow(client, "a");
    const debounced = await debounce(client, { ...task, workflowID: "b" }, "key", 1000);
    const first = await waitFirst(client, ["a"]);
    const [all] = await waitAll(client, ["a"]);
    for (const each of [handle, debounced, first, all!]) await each.getStatus();
  });
  assertEquals(spans.map(({ name }) => name).slice(-4), Array(4).fill("getStatus"));
});

Deno.test("tracing must be a boolean", async () => {
  await using fixture = await createFixture();
  const tracing = "yes" as unknown as boolean;
  assertThrows(
    () => createClient(fixture.pool, { tracing }),
    TypeError,
    "tracing of createClient()",
  );
});

const library = new URL("../mod.ts", import.meta.url).href;

/** Runs a program with Deno, which imports this library as `mod.ts`. Returns what it prints. */
async function runProgram(
  code: string,
  { url }: TestDatabase,
  { flags = testFlags, env = {} }: { flags?: string[]; env?: Record<string, string> } = {},
): Promise<string> {
  const directory = await Deno.makeTempDir();
  try {
    const file = `${directory}/program.ts`;
    await Deno.writeTextFile(file, code.replace('"mod.ts"', JSON.stringify(library)));
    return await run([Deno.execPath(), "run", "-A", "--no-check", ...flags, file], {
      env: { ...env, DBOS_SYSTEM_DATABASE_URL: url },
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("the OpenTelemetry of Deno gets the spans of a client, within those of its server", async () => {
  await using fixture = await createFixture();
  await using collector = startCollector();
  const program = `
    import { connect, enqueue } from "mod.ts";
    await using client = await connect(undefined, { tracing: true });
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0 }, async () => {
      await enqueue(client, { workflowName: "echo", queueName: "tasks", workflowID: "a" });
      return new Response();
    });
    await fetch(\`http://127.0.0.1:\${server.addr.port}/\`, { method: "POST" });
    await server.shutdown();
  `;
  await runProgram(program, fixture.database, {
    env: {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    },
  });
  const [span, parent] = await collector.until<[CollectedSpan, CollectedSpan]>((spans) => {
    const span = spans.find(({ name }) => name === "enqueue tasks");
    const parent = spans.find(({ spanId }) => spanId === span?.parentSpanId);
    return span && parent && [span, parent];
  });
  assertEquals([span.kind, parent.kind], [SpanKind.PRODUCER, SpanKind.SERVER]);
  assertEquals(await readAttributes(fixture.pool), { a: toContext(span) });
});

Deno.test("npm:@opentelemetry/api is loaded for a client with tracing only, and an error says so", async () => {
  await using fixture = await createFixture();
  const program = `
    import { connect, enqueue } from "mod.ts";
    await using client = await connect();
    await enqueue(client, { workflowName: "echo", queueName: "tasks" });
    await using traced = await connect(undefined, { tracing: true });
    const enqueuing = enqueue(traced, { workflowName: "echo", queueName: "tasks" });
    await enqueuing.catch((error) => console.log(error.name, error.message));
  `;
  const { imports } = config;
  const missing = { ...imports, "@opentelemetry/api": "file:///missing/api.js" };
  const map = `data:application/json,${encodeURIComponent(JSON.stringify({ imports: missing }))}`;
  const output = await runProgram(program, fixture.database, {
    flags: ["--no-config", "--no-lock", `--import-map=${map}`],
  });
  assertStringIncludes(
    output,
    "TypeError Cannot trace calls: the package @opentelemetry/api cannot be loaded. Install it",
  );
  assertEquals(Object.keys(await readAttributes(fixture.pool)).length, 1);
});
