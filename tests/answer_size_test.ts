/** How much one answer holds: values are of any size, and there may be any number of them. */
import { assert, assertEquals } from "@std/assert";
import pg from "pg";
import {
  createClient,
  type Driver,
  getEvent,
  iterateWorkflows,
  readStream,
  readStreamOffset,
  waitEach,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";

interface Fixture extends AsyncDisposable {
  readonly client: ReturnType<typeof createClient>;
  /** The number of characters in each answer so far. */
  readonly answers: number[];
  run(text: string, values?: unknown[]): Promise<void>;
}

function sizeOf({ rows }: { rows: (string | null)[][] }): number {
  return rows.flat().reduce((size, value) => size + (value?.length ?? 0), 0);
}

async function openFixture(): Promise<Fixture> {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  await migrate(connection);
  await connection.end();
  const pool = new pg.Pool({ connectionString: url });
  resources.defer(() => pool.end());
  const answers: number[] = [];
  const driver = {
    totalCount: 0,
    options: { max: 10 },
    connect: () => pool.connect(),
    async query(query: pg.QueryConfig) {
      const results = await pool.query(query);
      const result = [results].flat().at(-1)! as unknown as Parameters<typeof sizeOf>[0];
      answers.push(sizeOf(result));
      return results;
    },
  };
  const client = resources.use(createClient(driver as Driver));
  // Reads the schema.
  await getEvent(client, "nobody", "nothing", 0);
  answers.length = 0;
  return {
    client,
    answers,
    run: async (text, values) => void await pool.query(text, values),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const valueOf = (bytes: number) => `'"' || repeat('x', ${bytes - 2}) || '"'`;

/** Inserts workflows `w-000`, `w-001` … that have ended, with inputs and outputs of a size. */
async function insertWorkflows({ run }: Fixture, count: number, bytes: number): Promise<void> {
  await run(
    `insert into dbos.workflow_status
      (workflow_uuid, status, name, created_at, updated_at, completed_at, serialization)
    select 'w-' || lpad(number::text, 3, '0'), 'SUCCESS', 'large', number, number, number, 'portable_json'
    from generate_series(0, $1::int - 1) as number`,
    [count],
  );
  await run(
    `insert into dbos.workflow_input (workflow_uuid, inputs)
    select workflow_uuid, '{"positionalArgs":[' || ${
      valueOf(bytes)
    } || ']}' from dbos.workflow_status`,
  );
  await run(
    `insert into dbos.workflow_output (workflow_uuid, output)
    select workflow_uuid, ${valueOf(bytes)} from dbos.workflow_status`,
  );
}

async function insertStream({ run }: Fixture, count: number, bytes: number): Promise<string> {
  const workflowID = crypto.randomUUID();
  await run(
    "insert into dbos.workflow_status (workflow_uuid, status, name) values ($1, 'SUCCESS', 'writer')",
    [workflowID],
  );
  await run(
    `insert into dbos.streams (workflow_uuid, key, value, "offset", serialization)
    select $1, 'log', ${valueOf(bytes)}, number, 'portable_json'
    from generate_series(0, $2::int - 1) as number`,
    [workflowID, count],
  );
  return workflowID;
}

/** Asserts that no answer exceeds a megabyte, or what is given, by more than one value. */
function assertBounded(answers: readonly number[], valueBytes: number, maxBytes = 1_000_000): void {
  const largest = Math.max(...answers);
  assert(largest < maxBytes + valueBytes + 10_000, `an answer of ${largest} characters`);
}

Deno.test("the first value of a stream of large values arrives after reading one value", async () => {
  await using fixture = await openFixture();
  const bytes = 4_000_000;
  const workflowID = await insertStream(fixture, 20, bytes);
  const values = readStream<string>(fixture.client, workflowID, "log");
  assertEquals((await values.next()).value!.length, bytes - 2);
  assertEquals(fixture.answers.length, 1);
  assertBounded(fixture.answers, bytes);
  await values.return();
});

Deno.test("a stream is read in answers of about a megabyte, and each value once", async () => {
  await using fixture = await openFixture();
  const bytes = 300_000;
  const workflowID = await insertStream(fixture, 20, bytes);
  const values = await Array.fromAsync(readStream<string>(fixture.client, workflowID, "log"));
  assertEquals(values.map(({ length }) => length), Array(20).fill(bytes - 2));
  assertBounded(fixture.answers, bytes);
  // Four values an answer, and one answer that finds none.
  assertEquals(fixture.answers.length, 6);
  fixture.answers.length = 0;
  const last = await readStreamOffset<string>(fixture.client, workflowID, "log", 19);
  assertEquals(last.length, bytes - 2);
  assertBounded(fixture.answers, bytes);
});

Deno.test("streams that are read together share the bytes of an answer", async () => {
  await using fixture = await openFixture();
  const bytes = 300_000;
  const workflowIDs = await Promise.all(
    Array.from({ length: 12 }, () => insertStream(fixture, 3, bytes)),
  );
  const streams = await Promise.all(
    workflowIDs.map((id) => Array.fromAsync(readStream<string>(fixture.client, id, "log"))),
  );
  assertEquals(streams.map(({ length }) => length), Array(12).fill(3));
  assertBounded(fixture.answers, bytes);
});

Deno.test("waits for results and events get answers of about a megabyte", async () => {
  await using fixture = await openFixture();
  const { client, answers, run } = fixture;
  const bytes = 150_000;
  await insertWorkflows(fixture, 40, bytes);
  const workflowIDs = Array.from({ length: 40 }, (_, id) => `w-${String(id).padStart(3, "0")}`);
  const found: string[] = [];
  for await (const outcome of waitEach(client, workflowIDs)) {
    assert(outcome.status === "SUCCESS");
    assertEquals((outcome.result as string).length, bytes - 2);
    found.push(outcome.workflowID);
  }
  assertEquals(found.sort(), workflowIDs);
  await run(
    `insert into dbos.workflow_events (workflow_uuid, key, value, serialization)
    select workflow_uuid, 'progress', ${valueOf(bytes)}, 'portable_json' from dbos.workflow_status`,
  );
  const events = await Promise.all(
    workflowIDs.map((id) => getEvent<string>(client, id, "progress")),
  );
  assertEquals(events.map((event) => event?.length), Array(40).fill(bytes - 2));
  assertBounded(answers, bytes);
});

Deno.test("iterateWorkflows() reads pages of about 4 MB, and each workflow once", async () => {
  await using fixture = await openFixture();
  const { client, answers } = fixture;
  const bytes = 300_000;
  await insertWorkflows(fixture, 40, bytes);
  for (const sortDesc of [false, true]) {
    const found = await Array.fromAsync(iterateWorkflows(client, { sortDesc }));
    assertEquals(found.map(({ createdAt }) => createdAt), [
      ...sortDesc ? Array.from({ length: 40 }, (_, index) => 39 - index) : Array(40).keys(),
    ]);
    for (const { input, output } of found) {
      assertEquals((input as string[])[0]!.length, bytes - 2);
      assertEquals((output as string).length, bytes - 2);
    }
  }
  assertBounded(answers, 2 * bytes, 4_000_000);
  answers.length = 0;
  const options = { loadInput: false, loadOutput: false };
  assertEquals((await Array.fromAsync(iterateWorkflows(client, options))).length, 40);
  assertEquals(answers.length, 1);
});
