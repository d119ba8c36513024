/**
 * Checks that the memory of a client does not grow with the number of its calls:
 * `memory_program.ts DRIVER URL CASE COUNT`, with `--v8-flags=--expose-gc`. It prints the growth from the
 * first tenth of the calls to the last one, in bytes.
 */
import pg from "pg";
import postgres from "postgres";
import {
  type Client,
  createClient,
  enqueue,
  getEvent,
  getResult,
  getStatus,
  listWorkflows,
  send,
} from "../../mod.ts";

type Run = (text: string, values?: unknown[]) => Promise<unknown>;
/** Makes calls `from` to `from + count`. */
type Calls = (from: number, count: number) => Promise<void>;

declare const gc: () => void;

const [driverName, url, caseName, count] = Deno.args as [string, string, string, string];
const pool = new pg.Pool({ connectionString: url, max: 4 });
const sql = postgres(url, { max: 4, onnotice: () => {} });
const driver = driverName === "npm:pg" ? pool : sql;
const run: Run = (text, values) => pool.query(text, values);
// On a busy machine, hundreds of calls at once may take long.
const options = { attemptTimeoutSeconds: 600 };
const client = createClient(driver, options);

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

const end = `with ended as (
  update dbos.workflow_status set status = 'SUCCESS' where status = 'ENQUEUED'
  returning workflow_uuid
)
insert into dbos.workflow_output (workflow_uuid, output) select workflow_uuid, '7' from ended`;
const clear = `truncate dbos.workflow_status cascade;
  truncate dbos.workflow_input; truncate dbos.workflow_output`;

async function enqueueAndWait(client: Client, from: number, count: number): Promise<void> {
  const task = { workflowName: "echo", queueName: "tasks" };
  const handles = await Promise.all(range(from, count).map((id) => enqueue(client, task, { id })));
  const results = Promise.all(handles.map((handle) => handle.getResult()));
  await run(end);
  await results;
  await run(clear);
}

const cases: Record<string, Calls> = {
  "enqueue and wait": (from, count) => enqueueAndWait(client, from, count),

  "different signals": async (from, count) => {
    await Promise.all(
      range(from, count).map(async () => {
        const { signal } = new AbortController();
        await getEvent(client, "nobody", "key", { timeoutSeconds: 0, signal });
        await getStatus(client, "nobody", { signal });
      }),
    );
  },

  "aborted waits": async (from, count) => {
    const aborting = new AbortController();
    const { signal } = aborting;
    const waits = range(from, count).flatMap((id) => [
      getResult(client, `nobody-${id}`, { signal }),
      getEvent(client, `nobody-${id}`, "key", { signal }),
    ]);
    setTimeout(() => aborting.abort(), 0);
    await Promise.allSettled(waits);
  },

  "clients on one pool": async (from, count) => {
    for (const _ of range(from, count)) {
      const another = createClient(driver, options);
      await getStatus(another, "nobody");
      const wait = getResult(another, "nobody").catch(() => {});
      await another.close();
      await wait;
    }
  },

  "different names and filters": async (from, count) => {
    const names = range(from, count).map((id) => `name-${id}`);
    await Promise.all(names.map(async (name) => {
      const { workflowID } = await enqueue(client, { workflowName: name, queueName: name }, name);
      await send(client, workflowID, name, { topic: name });
    }));
    const filters = [
      "workflowName",
      "queueName",
      "authenticatedUser",
      "status",
      "applicationVersion",
    ];
    await Promise.all(names.map((name, index) =>
      listWorkflows(client, {
        limit: 1,
        ...Object.fromEntries(
          filters.flatMap((filter, bit) =>
            index & (1 << bit) ? [[filter, filter === "status" ? "SUCCESS" : name]] : []
          ),
        ),
      })
    ));
    await run(clear);
  },
};

/** The size of the heap once it does not shrink any more: polls that were given up are still answered. */
async function measureHeap(): Promise<number> {
  let smallest = Infinity;
  for (let unchanged = 0; unchanged < 5; unchanged++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    gc();
    const { heapUsed } = Deno.memoryUsage();
    if (heapUsed < smallest - 10_000) unchanged = 0;
    smallest = Math.min(smallest, heapUsed);
  }
  return smallest;
}

const total = Number(count);
const tenth = Math.ceil(total / 10);
// Rounds are small, so that what one round needs is small too.
const perRound = Math.min(tenth, 500);
let early = 0;
for (let from = 0; from < total; from += perRound) {
  await cases[caseName]!(from, perRound);
  if (early === 0 && from + perRound >= tenth) early = await measureHeap();
}
const late = await measureHeap();
await client.close();
await pool.end();
await sql.end();
console.log(late - early);
