import { assertEquals } from "@std/assert";
import pg from "pg";
import {
  createClient,
  debounce,
  enqueue,
  enqueueMany,
  forkWorkflow,
  getStatus,
  rewindWorkflow,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { startWorker } from "./support/start_worker.ts";

// `deno task test:interop` tests that workers run such workflows.
Deno.test("inputs are written where old and new workers read them", async (test) => {
  await using database = await createTestDatabase();
  await (await startWorker({ systemDatabaseUrl: database.url }))[Symbol.asyncDispose]();
  const pool = new pg.Pool({ connectionString: database.url });
  await using _pool = { [Symbol.asyncDispose]: () => pool.end() };
  const client = createClient(pool);
  const task = { workflowName: "echo", queueName: "idle" };

  async function assertInBothPlaces(workflowID: string, ...args: unknown[]): Promise<void> {
    const { rows } = await pool.query(
      `select s.inputs as older, i.inputs as newer
      from dbos.workflow_status as s
      join dbos.workflow_input as i using (workflow_uuid)
      where workflow_uuid = $1`,
      [workflowID],
    );
    const expected = JSON.stringify({ positionalArgs: args });
    assertEquals(rows, [{ older: expected, newer: expected }]);
    assertEquals((await getStatus(client, workflowID))?.input, args);
  }

  await test.step("enqueue()", async () => {
    const { workflowID } = await enqueue(client, task, "only");
    await assertInBothPlaces(workflowID, "only");
    await enqueue(client, { ...task, workflowID }, "again");
    await assertInBothPlaces(workflowID, "only");
  });

  await test.step("enqueueMany()", async () => {
    const handles = await enqueueMany(
      client,
      [1, 2].map((number) => ({ ...task, args: [number] })),
    );
    for (const [index, { workflowID }] of handles.entries()) {
      await assertInBothPlaces(workflowID, index + 1);
    }
  });

  await test.step("debounce()", async () => {
    const { workflowID } = await debounce(client, task, "key", 100_000, "first");
    await assertInBothPlaces(workflowID, "first");
    await debounce(client, task, "key", 100_000, "last");
    await assertInBothPlaces(workflowID, "last");
  });

  // Inputs that other clients have written are in one place only.
  for (
    const [place, change] of Object.entries({
      "the place of old workers": "delete from dbos.workflow_input where workflow_uuid = $1",
      "the place of new workers":
        "update dbos.workflow_status set inputs = null where workflow_uuid = $1",
    })
  ) {
    await test.step(`forkWorkflow() of an input in ${place}`, async () => {
      const { workflowID } = await enqueue(client, task, place);
      await pool.query(change, [workflowID]);
      assertEquals((await getStatus(client, workflowID))?.input, [place]);
      const fork = await forkWorkflow(client, workflowID, 0);
      await assertInBothPlaces(fork.workflowID, place);
    });
  }

  await test.step("enqueue() with an ID that an old worker has deleted", async () => {
    const { workflowID } = await enqueue(client, task, "deleted");
    await pool.query("delete from dbos.workflow_status where workflow_uuid = $1", [workflowID]);
    await enqueue(client, { ...task, workflowID }, "new");
    await assertInBothPlaces(workflowID, "new");
  });

  await test.step("rewindWorkflow() of a workflow that either kind of worker ended", async () => {
    for (
      const end of [
        "update dbos.workflow_status set status = 'SUCCESS', output = '1' where workflow_uuid = $1",
        `with ended as (insert into dbos.workflow_output (workflow_uuid, output) values ($1, '1'))
      update dbos.workflow_status set status = 'SUCCESS' where workflow_uuid = $1`,
      ]
    ) {
      const { workflowID } = await enqueue(client, task, "rewound");
      await pool.query(end, [workflowID]);
      assertEquals((await getStatus(client, workflowID))?.output, 1);
      await rewindWorkflow(client, workflowID);
      const status = await getStatus(client, workflowID);
      assertEquals([status?.status, status?.output], ["ENQUEUED", undefined]);
      await assertInBothPlaces(workflowID, "rewound");
    }
  });
});
