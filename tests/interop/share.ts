/** Tests that a worker of an older release can share a database with a newer one. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import {
  connect,
  enqueue,
  type EnqueueOptions,
  forkWorkflow,
  listWorkflows,
  type WorkflowArg,
  WorkflowError,
  type WorkflowHandle,
} from "../../mod.ts";
import { schemaReleases } from "../../src/database/schema_history.ts";
import { createTestDatabase } from "../support/database.ts";
import { type Language, typeScript } from "./languages.ts";
import { startApplication } from "./start_application.ts";

const timeout = { timeoutSeconds: 600 };
// The first version of the schema with separate tables for inputs and outputs.
const payloadTablesVersion = 109;

/** Whether workers read portable arguments, but not the separate table for inputs. */
export function isOlder({ name, serializationType }: Language): boolean {
  const [language, version] = name.split(" ");
  const releases = schemaReleases[language!]!;
  const compare = (first: string) => first.localeCompare(version!, "en", { numeric: true });
  const [schema] = version
    ? releases.findLast(([, first]) => compare(first) <= 0) ?? [0]
    : releases.at(-1)!;
  // Version 1 of the schema records no formats.
  return serializationType === undefined && schema > 1 && schema < payloadTablesVersion;
}

/** Tests the worker of an older release on a database that the newest release has created. */
export async function verifySharing(older: Language): Promise<void> {
  await using database = await createTestDatabase();
  await using resources = new AsyncDisposableStack();
  const newerApplication = await startApplication(typeScript.command, database.url);
  const newer = resources.use(new AsyncDisposableStack());
  newer.use(newerApplication);
  resources.use(await startApplication(older.command, database.url));
  const client = resources.use(await connect(database.url));
  const pool = new pg.Pool({ connectionString: database.url });
  resources.defer(() => pool.end());

  const start = (workflowName: string, argument: unknown, options?: Partial<EnqueueOptions>) =>
    enqueue(
      client,
      { workflowName, queueName: "tasks", ...older.enqueueOptions?.([argument]), ...options },
      argument as WorkflowArg,
    );

  /** Older workers write the outcome of a workflow to its row in `workflow_status`. */
  async function hasOlderRun(workflowID: string): Promise<boolean> {
    const { rows: [row] } = await pool.query(
      `select coalesce(s.output, s.error) is not null as older,
        coalesce(o.output, o.error) is not null as newer
      from dbos.workflow_status as s
      left join dbos.workflow_output as o using (workflow_uuid)
      where s.workflow_uuid = $1`,
      [workflowID],
    );
    assert(row.older !== row.newer);
    return row.older;
  }

  /** Starts workflows, and checks the outcome of each, until both workers have run one. */
  async function untilBothRan(
    workflow: (number: number) => Promise<WorkflowHandle<unknown>>,
    check: (handle: WorkflowHandle<unknown>, number: number) => Promise<void>,
  ): Promise<void> {
    const ranBy = new Set<boolean>();
    const deadline = performance.now() + 600_000;
    for (let number = 1; ranBy.size < 2; number++) {
      assert(performance.now() < deadline, "one of the two workers has run no workflow");
      const handle = await workflow(number);
      await check(handle, number);
      ranBy.add(await hasOlderRun(handle.workflowID));
    }
  }

  async function checkEcho(handle: WorkflowHandle<unknown>, argument: unknown): Promise<void> {
    const expected = [argument];
    assertEquals(await handle.getResult(timeout), expected);
    const [status] = await listWorkflows(client, { workflowIDs: [handle.workflowID] });
    assertEquals([status?.input, status?.output], [expected, expected]);
  }

  // The newer worker does not have workflows with class names.
  if (older.enqueueOptions === undefined) {
    await untilBothRan((number) => start("echo", number), checkEcho);
    await untilBothRan(
      (number) => start("fail", `failed ${number}`),
      async (handle, number) => {
        await assertRejects(() => handle.getResult(timeout), WorkflowError, `failed ${number}`);
      },
    );
  }

  // The older worker alone runs a fork and a new workflow.
  const { workflowID } = await start("echo", "to fork", { queueName: "idle" });
  await newer.disposeAsync();
  const fork = await forkWorkflow(client, workflowID, 0, { queueName: "tasks" });
  await checkEcho(fork, "to fork");
  assert(await hasOlderRun(fork.workflowID));
  const last = await start("echo", "last");
  await checkEcho(last, "last");
  assert(await hasOlderRun(last.workflowID));
}
