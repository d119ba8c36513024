import { assert, assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import {
  cancelWorkflow,
  createClient,
  deleteWorkflow,
  enqueue,
  forkWorkflow,
  getStatus,
  resumeWorkflow,
  rewindWorkflow,
  setWorkflowDelay,
  setWorkflowPriority,
  UnsupportedFeatureError,
  updateWorkflowAttributes,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate, newestVersion, oldestVersion } from "./support/migrate.ts";

// The first schema versions with these features.
const history = 30;
const parents = 31;
const formats = 32;
const delays = 38;
const attributes = 62;

Deno.test("calls that manage workflows work on every schema version of the DBOS SDK", async () => {
  await using resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  resources.defer(() => connection.end());
  const readSteps = async () =>
    (await connection.query("select 1 from dbos.operation_outputs")).rows;

  for (let version = oldestVersion; version <= newestVersion; version++) {
    await migrate(connection, version);
    const client = createClient(connection, {
      serializationType: version >= 33 ? "portable" : "native",
    });
    const workflowID = `version-${version}`;
    const statusOf = async (id: string) => (await getStatus(client, id))?.status;
    /** Runs `call` from schema version `since` on, and checks that older ones reject it. */
    const callSince = async (since: number, call: () => Promise<unknown>) => {
      if (version >= since) return await call();
      await assertRejects(call, UnsupportedFeatureError);
    };

    await enqueue(client, { workflowName: "echo", queueName: "idle", workflowID }, version);
    await connection.query(
      "insert into dbos.operation_outputs (workflow_uuid, function_id, output) values ($1, 0, 'a')",
      [workflowID],
    );
    await setWorkflowPriority(client, workflowID, 5);
    assertEquals((await getStatus(client, workflowID))?.priority, 5);
    await callSince(delays, () => setWorkflowDelay(client, workflowID, 5));
    await callSince(attributes, () => updateWorkflowAttributes(client, workflowID, { a: 1 }));

    await callSince(parents, () => cancelWorkflow(client, workflowID, { cancelChildren: true }));
    await cancelWorkflow(client, workflowID);
    assertEquals(await statusOf(workflowID), "CANCELLED");
    await resumeWorkflow(client, workflowID, { queueName: "idle" });
    assertEquals(await statusOf(workflowID), "ENQUEUED");

    const newWorkflowID = `${workflowID}-fork`;
    await callSince(history, () => forkWorkflow(client, workflowID, 1, { newWorkflowID }));
    const fork = await getStatus(client, newWorkflowID);
    assertEquals(fork?.status, version >= history ? "ENQUEUED" : undefined);
    if (version >= formats) assertEquals(fork?.input, [version]);
    assertEquals((await readSteps()).length, version >= history ? 2 : 1);

    await cancelWorkflow(client, workflowID);
    await callSince(history, () => rewindWorkflow(client, workflowID));
    assertEquals(await statusOf(workflowID), version >= history ? "ENQUEUED" : "CANCELLED");

    for (const id of [workflowID, newWorkflowID]) {
      await callSince(parents, () => deleteWorkflow(client, id, { deleteChildren: true }));
      await deleteWorkflow(client, id);
      assertEquals(await statusOf(id), undefined);
    }
    assertEquals(await readSteps(), []);
  }
  assert(newestVersion > 120);
});
