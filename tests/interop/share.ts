/** Proves that a worker of an older release gets on with a newer one that shares its database. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import {
  connect,
  enqueue,
  type EnqueueOptions,
  forkWorkflow,
  listWorkflows,
  WorkflowError,
  type WorkflowHandle,
} from "../../mod.ts";
import { schemaReleases } from "../../src/database/schema_history.ts";
import { createTestDatabase } from "../support/database.ts";
import { type Language, typeScript } from "./languages.ts";
import { startApplication } from "./start_application.ts";

const patience = { timeoutSeconds: 30 };
// The first version of the schema that has tables of their own for inputs and outputs.
const payloadTables = 109;

/** Whether workers read portable arguments, and know no tables of their own for inputs. */
export function isOlder({ name, serializationType }: Language): boolean {
  const [language, version] = name.split(" ");
  const releases = schemaReleases[language!]!;
  const [, schema] = releases.find(([release]) => release === version) ?? releases.at(-1)!;
  // The first version of each language knows of no formats.
  return serializationType === undefined && schema > 1 && schema < payloadTables;
}

/** Proves it for the worker of an older release, on a database that the newest one has made. */
export async function proveSharing(older: Language): Promise<void> {
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
      argument,
    );

  /** Old workers leave what came of a workflow in its own row. */
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

  /** Starts workflows, and checks what comes of each, until either worker has run one. */
  async function untilBothRan(
    workflow: (number: number) => Promise<WorkflowHandle<unknown>>,
    check: (handle: WorkflowHandle<unknown>, number: number) => Promise<void>,
  ): Promise<void> {
    const ranBy = new Set<boolean>();
    const giveUpAt = performance.now() + 60_000;
    for (let number = 1; ranBy.size < 2; number++) {
      assert(performance.now() < giveUpAt, "one of the two has run none");
      const handle = await workflow(number);
      await check(handle, number);
      ranBy.add(await hasOlderRun(handle.workflowID));
    }
  }

  async function checkEcho(handle: WorkflowHandle<unknown>, argument: unknown): Promise<void> {
    const expected = [argument];
    assertEquals(await handle.getResult(patience), expected);
    const [status] = await listWorkflows(client, { workflowIDs: [handle.workflowID] });
    assertEquals([status?.input, status?.output], [expected, expected]);
  }

  // Workflows of a class are not those of the newer worker.
  if (older.enqueueOptions === undefined) {
    await untilBothRan((number) => start("echo", number), checkEcho);
    await untilBothRan(
      (number) => start("fail", `failed ${number}`),
      async (handle, number) => {
        await assertRejects(() => handle.getResult(patience), WorkflowError, `failed ${number}`);
      },
    );
  }

  // What the older one has run is forked for either, and the other way round.
  const { workflowID } = await start("echo", "to fork", { queueName: "idle" });
  await newer.disposeAsync();
  const fork = await forkWorkflow(client, workflowID, 0, { queueName: "tasks" });
  await checkEcho(fork, "to fork");
  assert(await hasOlderRun(fork.workflowID));
  const last = await start("echo", "last");
  await checkEcho(last, "last");
  assert(await hasOlderRun(last.workflowID));
}
