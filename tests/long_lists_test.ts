import { assert, assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import {
  createClient,
  type CustomDriver,
  getAllEvents,
  getAllNotifications,
  getAllStreamEntries,
  iterateWorkflows,
  listWorkflows,
  listWorkflowSteps,
} from "../mod.ts";
import { readInSlices } from "../src/read_in_slices.ts";
import { createTestDatabase } from "./support/database.ts";
import { populate } from "./support/populate.ts";

const count = 10_000;
// The event loop runs after a thousand items at the latest.
const minTurns = count / 1000 - 1;

const insertLongLists = `
  insert into dbos.operation_outputs (workflow_uuid, function_id, function_name, output, serialization)
  select 'order-1', i, 'step', i, 'portable_json' from generate_series(0, ${count - 1}) as i;
  insert into dbos.workflow_events (workflow_uuid, key, value, serialization)
  select 'order-1', 'key' || i, i, 'portable_json' from generate_series(0, ${count - 1}) as i;
  insert into dbos.notifications (destination_uuid, topic, message, serialization)
  select 'order-1', 'topic', i, 'portable_json' from generate_series(0, ${count - 1}) as i;
  insert into dbos.streams (workflow_uuid, key, value, "offset", function_id, serialization)
  select 'order-1', 'log', i, i, 0, 'portable_json' from generate_series(0, ${count - 1}) as i`;

Deno.test("the event loop runs while long lists are read", async (test) => {
  await using database = await createTestDatabase();
  await populate(database.url, count);
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  await pool.query(insertLongLists);
  /** The turns of the event loop since the server last answered. */
  let turns = 0;
  let next = setImmediate(countTurn);
  function countTurn() {
    turns++;
    next = setImmediate(countTurn);
  }
  async function send(text: string, values: unknown[] = []): Promise<object[]> {
    const results = [await pool.query({ text, values, rowMode: "array" })].flat();
    turns = 0;
    return results.at(-1)!.rows;
  }
  const driver: CustomDriver = {
    query: (text, values) => send(text, [...values]),
    queryInOneMessage: send,
    transactionStatus: () => "none",
  };
  await using client = createClient(driver);

  await test.step("listWorkflows()", async () => {
    const statuses = await listWorkflows(client);
    assertEquals(statuses.length, count);
    // Twice: for the rows, and for the statuses.
    assert(turns >= 2 * minTurns, `${turns}`);
  });

  await test.step("iterateWorkflows()", async () => {
    let read = 0;
    const pages = iterateWorkflows(client, {
      loadInput: false,
      loadOutput: false,
      pageSize: count,
    });
    for await (const _ of pages) if (++read === count) break;
    assert(turns >= 2 * minTurns, `${turns}`);
  });

  await test.step("listWorkflowSteps()", async () => {
    const steps = await listWorkflowSteps(client, "order-1");
    assertEquals(steps?.map(({ output }) => output), [...Array(count).keys()]);
    assert(turns >= 2 * minTurns, `${turns}`);
  });

  await test.step("getAllEvents()", async () => {
    const events = await getAllEvents(client, "order-1");
    assertEquals(Object.keys(events).length, count);
    assertEquals(events.key77, 77);
    assert(turns >= 2 * minTurns, `${turns}`);
  });

  // These come in pages, so only their values are left when the last one has arrived.
  await test.step("getAllNotifications()", async () => {
    const notifications = await getAllNotifications(client, "order-1");
    const messages = notifications.map(({ message }) => message as number);
    assertEquals(messages.sort((a, b) => a - b), [...Array(count).keys()]);
    assert(turns >= minTurns, `${turns}`);
  });

  await test.step("getAllStreamEntries()", async () => {
    const { log } = await getAllStreamEntries(client, "order-1");
    assertEquals(log?.entries.map(({ value }) => value), [...Array(count).keys()]);
    assert(turns >= minTurns, `${turns}`);
  });

  clearImmediate(next);
  await pool.end();
});

Deno.test("a list that is being read ends when the signal of its call is aborted", async () => {
  const controller = new AbortController();
  let read = 0;
  function readItem(item: number): number {
    if (++read === 100) controller.abort(new Error("enough"));
    return item;
  }
  const reading = readInSlices([...Array(count).keys()], controller.signal, readItem);
  await assertRejects(() => reading, Error, "enough");
  assert(read < count);
});
