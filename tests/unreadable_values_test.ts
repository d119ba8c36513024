import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import pg from "pg";
import {
  getAllEvents,
  getAllNotifications,
  getAllStreamEntries,
  getEvent,
  getResult,
  getStatus,
  listWorkflows,
  listWorkflowSteps,
  readStream,
  readStreamOffset,
  SerializedValue,
  UnsupportedSerializationError,
  waitEach,
  WorkflowError,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";

/** Texts that each reader refuses. The first ones made npm:superjson return what never settles. */
const unreadable: [serialization: string | null, text: string][] = [
  [
    "js_superjson",
    '{"json":{},"meta":{"values":[["custom","unknown"]]},"__dbos_serializer":"superjson"}',
  ],
  ["js_superjson", "{"],
  ["portable_json", "{"],
  ["portable_json", '{"a":'],
  ["portable_json", "damaged!"],
  ["py_pickle", "gASVBQAAAA=="],
  ["DBOS_JSON", "e30K{"],
  ["java_jackson", "[1,2]"],
  ["rust_serde", '{"Application":'],
  ["portable_json", '{"Application":'],
  ["abacus", "7"],
  [null, "not JSON"],
];

/** A text that made every call that reads it wait for ever. */
const neverSettling =
  '{"json":{},"meta":{"referentialEqualities":{"toString":["then"]}},"__dbos_serializer":"superjson"}';

interface Stored {
  workflowID: string;
  serialization: string | null;
  text: string;
  status?: string;
  roles?: string;
  attributes?: string;
}

/** Stores a text in every place of a workflow that values are read from. */
async function insertWorkflow(pool: pg.Pool, stored: Stored): Promise<void> {
  const { workflowID, serialization, text, status = "SUCCESS", roles, attributes } = stored;
  await pool.query(
    `insert into dbos.workflow_status
      (workflow_uuid, status, name, inputs, output, error, serialization, authenticated_roles,
      attributes, created_at, updated_at)
    values ($1, $2, 'damaged', $3, $3, $4, $5, $6, $7, 1, 1)`,
    [workflowID, status, text, status === "ERROR" ? text : null, serialization, roles, attributes],
  );
  await pool.query(
    `insert into dbos.workflow_events (workflow_uuid, key, value, serialization)
    values ($1, 'bad', $2, $3), ($1, 'good', '1', 'portable_json')`,
    [workflowID, text, serialization],
  );
  await pool.query(
    `insert into dbos.operation_outputs
      (workflow_uuid, function_id, function_name, output, error, serialization)
    values ($1, 0, 'bad', $2, $2, $3), ($1, 1, 'good', '1', null, 'portable_json')`,
    [workflowID, text, serialization],
  );
  await pool.query(
    `insert into dbos.streams (workflow_uuid, key, value, "offset", serialization)
    values ($1, 'log', '1', 0, 'portable_json'), ($1, 'log', $2, 1, $3),
      ($1, 'log', '2', 2, 'portable_json')`,
    [workflowID, text, serialization],
  );
  await pool.query(
    `insert into dbos.notifications
      (destination_uuid, topic, message, serialization, created_at_epoch_ms)
    values ($1, 'a topic', $2, $3, 1), ($1, 'a topic', '1', 'portable_json', 2)`,
    [workflowID, text, serialization],
  );
}

Deno.test("what is stored badly hides nothing else", async (test) => {
  await using database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  try {
    await migrate(pool);
    for (const [index, [serialization, text]] of unreadable.entries()) {
      await insertWorkflow(pool, { workflowID: `w${index}`, serialization, text });
    }

    for (const [index, [serialization, text]] of unreadable.entries()) {
      const workflowID = `w${index}`;
      const value = new SerializedValue(serialization, text);
      await test.step(`${serialization}: ${text.slice(0, 20)}`, async () => {
        const status = await getStatus(pool, workflowID);
        assertEquals([status?.input, status?.output], [value, value]);
        const steps = await listWorkflowSteps(pool, workflowID);
        assertEquals(steps?.map(({ output }) => output), [value, 1]);
        assertEquals(await getAllEvents(pool, workflowID), { bad: value, good: 1 });
        const { log } = await getAllStreamEntries(pool, workflowID);
        assertEquals(log?.entries.map((entry) => entry.value), [1, value, 2]);
        const messages = await getAllNotifications(pool, workflowID);
        assertEquals(messages.map(({ message }) => message), [value, 1]);
        const stream = readStream(pool, workflowID, "log", { timeoutSeconds: 0 });
        assertEquals(await Array.fromAsync(stream), [1, value, 2]);
        for (
          const read of [
            () => getResult(pool, workflowID),
            () => getEvent(pool, workflowID, "bad"),
            () => readStreamOffset(pool, workflowID, "log", 1),
          ]
        ) {
          const error = await assertRejects(read, UnsupportedSerializationError);
          assertEquals(error.serialization, serialization);
          // No error quotes what is stored.
          assert(!error.message.includes(text));
          if (serialization !== "abacus") assertInstanceOf(error.cause, Error);
        }
      });
    }

    await test.step("lists and waits contain all workflows", async () => {
      const statuses = await listWorkflows(pool, { loadOutput: true });
      assertEquals(statuses.length, unreadable.length);
      const workflowIDs = unreadable.map((_, index) => `w${index}`);
      const outcomes = await Array.fromAsync(waitEach(pool, workflowIDs));
      assertEquals(outcomes.length, unreadable.length);
    });

    await test.step("roles and attributes that are not valid", async () => {
      const roles = ["{", "", "null", '["a","b"]', "[1]", '{"a":1}', "admin"];
      const attributes = ["7", "null", "[1]", '{"a":1}', '"a"', "true", "{}"];
      const ids = roles.map((_, index) => `roles${index}`);
      for (const [index, workflowID] of ids.entries()) {
        await insertWorkflow(pool, {
          ...{ workflowID, serialization: "portable_json", text: "1" },
          ...{ roles: roles[index]!, attributes: attributes[index]! },
        });
      }
      const statuses = await listWorkflows(pool, { workflowIDs: ids });
      const asStored = (text: string) => new SerializedValue(null, text);
      assertEquals(
        statuses.map(({ authenticatedRoles }) => authenticatedRoles),
        [
          ...[asStored("{"), undefined, undefined, ["a", "b"], asStored("[1]")],
          ...[asStored('{"a":1}'), asStored("admin")],
        ],
      );
      assertEquals(
        statuses.map(({ attributes }) => attributes),
        [
          ...[asStored("7"), undefined, asStored("[1]"), { a: 1 }, asStored('"a"')],
          ...[asStored("true"), {}],
        ],
      );
    });

    await test.step("a value that would never settle is data", async () => {
      const workflowID = "thenable";
      await insertWorkflow(pool, {
        ...{ workflowID, serialization: "js_superjson", text: neverSettling },
      });
      const read = [
        await getResult(pool, workflowID),
        await getEvent(pool, workflowID, "bad"),
        await readStreamOffset(pool, workflowID, "log", 1),
        (await getStatus(pool, workflowID))?.output,
        (await listWorkflows(pool, { workflowIDs: [workflowID], loadOutput: true }))[0]?.output,
      ];
      assertEquals(read, read.map(() => ({})));
    });

    await test.step("a failed workflow without a stored error", async () => {
      await insertWorkflow(pool, {
        ...{ workflowID: "failed", serialization: "py_pickle", text: "x", status: "ERROR" },
      });
      await assertRejects(() => getResult(pool, "failed"), UnsupportedSerializationError);
      await pool.query(
        `update dbos.workflow_status set error = null where workflow_uuid = 'failed'`,
      );
      await assertRejects(() => getResult(pool, "failed"), WorkflowError, "no error is stored");
    });
  } finally {
    await pool.end();
  }
});
