/**
 * A worker, reduced to its statements: it starts the workflows of a queue, and finishes them with a
 * result, an event and a stream. `worker.ts URL`. It runs until it is killed, or stdin is closed.
 */
import pg from "pg";
import { busyQueue, valueOf } from "./calls.ts";

// Each start of a workflow is a row of test_runs: a second one means that it was enqueued twice.
const start = `
  with started as (
    update dbos.workflow_status
    set status = 'PENDING'
    where workflow_uuid in (
      select workflow_uuid
      from dbos.workflow_status
      where status = 'ENQUEUED' and queue_name = $1
      order by random()
      limit 50
      for update skip locked
    )
    returning workflow_uuid
  )
  insert into test_runs (id) select workflow_uuid from started`;

const finish = `
  with finished as (
    update dbos.workflow_status
    set status = 'SUCCESS', serialization = 'portable_json', completed_at = created_at
    where workflow_uuid in (
      select workflow_uuid
      from dbos.workflow_status
      where status = 'PENDING' and queue_name = $1
      order by random()
      limit 50
    )
    returning workflow_uuid as id, to_json($2 || workflow_uuid)::text as value
  ),
  outputs as (
    insert into dbos.workflow_output (workflow_uuid, output) select id, value from finished
  ),
  events as (
    insert into dbos.workflow_events (workflow_uuid, key, value, serialization)
    select id, 'progress', value, 'portable_json' from finished
  ),
  stream_values as (
    insert into dbos.streams (workflow_uuid, key, value, serialization, "offset")
    select id, 'log', value, 'portable_json', 0 from finished
    union all
    select id, 'log', '"__DBOS_STREAM_CLOSED__"', 'portable_json', 1 from finished
  )
  select
    pg_notify('dbos_workflow_events_channel', id || '::progress'),
    pg_notify('dbos_streams_channel', id || '::log')
  from finished`;

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
}

async function work(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  try {
    await client.connect();
    while (true) {
      await client.query(start, [busyQueue]);
      await pause();
      // A worker that is killed meanwhile has finished nothing.
      await client.query("begin");
      await client.query(finish, [busyQueue, valueOf("")]);
      await pause();
      await client.query("commit");
    }
  } finally {
    client.end().catch(() => {});
  }
}

Deno.stdin.readable.pipeTo(new WritableStream()).finally(() => Deno.exit());
const [url] = Deno.args;
while (true) {
  // It outlives the faults of the server.
  await work(url!).catch(() => {});
  await pause();
}
