/** Fills a system database with workflows like those of a busy application. */
import pg from "pg";
import { migrate } from "./migrate.ts";

/** The SQL for the ID of a workflow by its number: of a schedule, of an order, or a UUID. */
function idOf(number: string): string {
  return `case
    when (${number}) % 20 = 4 then 'sched-nightly-' || (${number})
    when (${number}) % 4 = 1 then 'order-' || (${number})
    else md5((${number})::text)::uuid::text
  end`;
}

// All columns depend on the number of the workflow, so that databases of the same size are equal.
// Nearly all workflows have ended; the newest are enqueued or running. They are a second apart.
const insertWorkflows = (count: number) => `
  insert into dbos.workflow_status (
    workflow_uuid, status, name, class_name, queue_name, authenticated_user, authenticated_roles,
    executor_id, application_version, application_name, created_at, started_at_epoch_ms,
    completed_at, delay_until_epoch_ms, deduplication_id, forked_from, was_forked_from,
    parent_workflow_id, attributes, schedule_name, is_debounced, serialization
  )
  select
    ${idOf("i")}, status, 'name' || i * 7 % 40, nullif('class' || i % 10, 'class0'),
    nullif('queue' || i * 11 % 12, 'queue0'), 'user' || i * 13 % 5000, '[]',
    'executor' || i * 17 % 30, 'version' || i * 10 / ${count}, nullif('app' || i % 4, 'app0'),
    at, case when is_started then at + 50 end, case when is_ended then at + 2000 end,
    case when status = 'DELAYED' then at + 1000000 end,
    case when not is_ended and i % 50 = 0 then 'key' || i end,
    case when i % 200 = 0 then ${idOf("i - 100")} end, i % 200 = 100,
    case when i % 5 = 0 then ${idOf("i / 50 * 50 + 1")} end,
    case when i % 10 = 3 then jsonb_build_object('customer', i / 10 % 2000, 'tier', i % 3) end,
    case when i % 20 = 4 then 'schedule' || i / 20 % 50 end, i % 1000 = 7, 'portable_json'
  from generate_series(1::bigint, ${count}) as i,
    lateral (select 1700000000000 + i * 1000 as at) as created,
    lateral (select case
      when i > ${count} - ${count} / 1000 then 'ENQUEUED'
      when i > ${count} - ${count} / 500 then 'PENDING'
      when i % 1000 = 13 then 'DELAYED'
      when i % 100 = 17 then 'ERROR'
      when i % 500 = 19 then 'CANCELLED'
      when i % 5000 = 23 then 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'
      else 'SUCCESS'
    end as status) as progress,
    lateral (select
      status not in ('ENQUEUED', 'DELAYED') as is_started,
      status not in ('ENQUEUED', 'PENDING', 'DELAYED') as is_ended
    ) as state`;

const insertDetails = `
  insert into dbos.workflow_input (workflow_uuid, inputs)
  select workflow_uuid, '{"positionalArgs":[{"order":7,"lines":["a","b"]}]}'
  from dbos.workflow_status;
  insert into dbos.workflow_output (workflow_uuid, output, error)
  select workflow_uuid, case status when 'SUCCESS' then '{"done":true}' end,
    case status when 'ERROR' then '{"name":"Error","message":"went wrong"}' end
  from dbos.workflow_status where completed_at is not null;
  insert into dbos.operation_outputs (workflow_uuid, function_id, function_name, output,
    started_at_epoch_ms, completed_at_epoch_ms, serialization)
  select workflow_uuid, step, 'step' || step, '"done"', created_at, created_at, 'portable_json'
  from dbos.workflow_status, generate_series(0, 2) as step
  where parent_workflow_id is not null;
  insert into dbos.workflow_events (workflow_uuid, key, value, serialization)
  select workflow_uuid, 'progress', '100', 'portable_json'
  from dbos.workflow_status where attributes is not null;
  insert into dbos.notifications (destination_uuid, topic, message, serialization)
  select workflow_uuid, '__null__topic__', '"hello"', 'portable_json'
  from dbos.workflow_status where attributes is not null;
  insert into dbos.streams (workflow_uuid, key, value, "offset", function_id, serialization)
  select workflow_uuid, 'log', '"line"', 0, 0, 'portable_json'
  from dbos.workflow_status where attributes is not null`;

/** Creates the system tables in a database, with this many workflows. */
export async function populate(url: string, workflows: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await migrate(client);
    // Indexes are created after the insert, which is faster. Those of primary keys are kept.
    const { rows } = await client.query(`
      select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
      from pg_index where indrelid = 'dbos.workflow_status'::regclass and not indisprimary`);
    for (const { name } of rows) await client.query(`drop index ${name}`);
    await client.query(insertWorkflows(workflows));
    for (const { definition } of rows) await client.query(definition);
    await client.query(insertDetails);
    // Nothing vacuums a new database. If it is done, the planner knows that the tables are empty, and
    // prepared statements keep scanning them until the next analyze.
    if (workflows > 0) await client.query("vacuum analyze");
  } finally {
    await client.end();
  }
}
