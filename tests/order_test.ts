import { assert, assertEquals } from "@std/assert";
import pg from "pg";
import { enqueue, enqueueMany, send, sendMany } from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";

const task = { workflowName: "echo", queueName: "idle" };

/** A pool of a database with system tables and a workflow to send to. */
async function openFixture() {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  resources.defer(() => pool.end());
  const connection = await pool.connect();
  await migrate(connection);
  connection.release();
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  await enqueue(other, { ...task, workflowID: "inbox" });
  await other.end();
  return {
    pool,
    /** The creation times of the workflows with these IDs, in the order of the IDs. */
    async timesOf(workflowIDs: string[]): Promise<number[]> {
      const { rows } = await pool.query(
        "select workflow_uuid, created_at from dbos.workflow_status where workflow_uuid = any($1)",
        [workflowIDs],
      );
      const times = new Map<string, number>(
        rows.map((row: Record<string, string>) => [row.workflow_uuid, Number(row.created_at)]),
      );
      return workflowIDs.map((workflowID) => times.get(workflowID)!);
    },
    /** The creation times of all messages, in the order of their numbers. */
    async messageTimes(): Promise<number[]> {
      const { rows } = await pool.query(
        "select created_at_epoch_ms from dbos.notifications order by message::int",
      );
      return rows.map((row: Record<string, string>) => Number(row.created_at_epoch_ms));
    },
    async serverMs(): Promise<number> {
      const { rows } = await pool.query(
        "select extract(epoch from clock_timestamp()) * 1000 as ms",
      );
      return Number(rows[0].ms);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function countInversions(times: readonly number[]): number {
  return times.filter((time, index) => index > 0 && time < times[index - 1]!).length;
}

function jobs(count: number) {
  return Array.from({ length: count }, () => ({ ...task, workflowID: crypto.randomUUID() }));
}

Deno.test("a workflow is not created before those of an earlier enqueueMany()", async () => {
  await using fixture = await openFixture();
  const { pool } = fixture;
  const many = jobs(5000);
  await enqueueMany(pool, many);
  const one = await enqueue(pool, task);
  const workflowIDs = [...many.map(({ workflowID }) => workflowID), one.workflowID];
  const times = await fixture.timesOf(workflowIDs);
  assertEquals(countInversions(times), 0);
  // At most a second ahead of the server.
  assert(times.at(-1)! <= await fixture.serverMs() + 1000);
});

Deno.test("concurrent calls of enqueue() create workflows in their order", async () => {
  await using fixture = await openFixture();
  const handles = await Promise.all(
    Array.from({ length: 2000 }, () => enqueue(fixture.pool, task)),
  );
  const times = await fixture.timesOf(handles.map(({ workflowID }) => workflowID));
  assertEquals(countInversions(times), 0);
});

Deno.test("concurrent calls of enqueue() and enqueueMany() create workflows in order", async () => {
  await using fixture = await openFixture();
  const { pool } = fixture;
  const workflowIDs: string[] = [];
  const calls: Promise<unknown>[] = [];
  for (let call = 0; call < 20; call++) {
    const [one, ...many] = jobs(101);
    workflowIDs.push(...[one!, ...many].map(({ workflowID }) => workflowID));
    calls.push(enqueue(pool, one!));
    // What enqueueMany() does before it sends takes a few turns.
    await Promise.all(calls.splice(0));
    calls.push(enqueueMany(pool, many));
    await Promise.all(calls.splice(0));
  }
  assertEquals(countInversions(await fixture.timesOf(workflowIDs)), 0);
});

Deno.test("messages of send() and sendMany() are sent in the order of the calls", async () => {
  await using fixture = await openFixture();
  const { pool } = fixture;
  let number = 0;
  const next = () => ({ destinationID: "inbox", message: number++ });
  for (let call = 0; call < 12; call++) {
    await sendMany(pool, Array.from({ length: 500 }, next));
    const { destinationID, message } = next();
    await send(pool, destinationID, message);
  }
  const times = await fixture.messageTimes();
  assertEquals(times.length, number);
  assertEquals(countInversions(times), 0);
  assert(times.at(-1)! <= await fixture.serverMs() + 1000);
});

// Longer than an index can hold, and random, so that it cannot be compressed.
const tooLong = Array.from({ length: 200 }, () => crypto.randomUUID()).join("");

Deno.test("a workflow keeps its place when the server refuses another one of its statement", async () => {
  await using fixture = await openFixture();
  const { pool } = fixture;
  await enqueue(pool, task);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 60 }, (_, index) =>
      enqueue(pool, {
        ...task,
        ...(index === 30 && { queuePartitionKey: tooLong }),
      })),
  );
  const later = await enqueue(pool, task);
  const workflowIDs = outcomes.flatMap((outcome) =>
    outcome.status === "fulfilled" ? [outcome.value.workflowID] : []
  );
  assertEquals(workflowIDs.length, 59);
  const times = await fixture.timesOf([...workflowIDs, later.workflowID]);
  assertEquals(countInversions(times), 0);
});
