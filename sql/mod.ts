// Generated from sql/*.sql by `deno task sql`: change those, not this.

/** A statement of sql/, with the types of its parameters and of its rows. */
export interface Statement<Parameters, Row> {
  readonly name: string;
  readonly text: string;
  readonly parameters?: Parameters;
  readonly row?: Row;
}

export const enqueue: Statement<{
  jobs: string;
  backlog_ms: number;
}, {
  position: number;
  existing_id: string | null;
  existing_status: string | null;
  existing_name: string | null;
  existing_class_name: string | null;
  existing_config_name: string | null;
  is_own: boolean;
  holder_id: string | null;
}> = {
  name: "enqueue",
  text: `
with job as (
  select
    input.*,
    (extract(epoch from statement_timestamp()) * 1000)::bigint
      + :backlog_ms::int + input.position as created_at
  from json_to_recordset(:jobs::text::json) as input (
    position int,
    workflow_id text,
    name text,
    class_name text,
    config_name text,
    queue_name text,
    authenticated_user text,
    authenticated_roles text,
    application_version text,
    application_name text,
    timeout_ms bigint,
    deduplication_id text,
    priority int,
    queue_partition_key text,
    delay_ms bigint,
    attributes jsonb,
    inputs text,
    serialization text,
    creator_xid text
  )
),
inserted as (
  insert into :schema.workflow_status (
    workflow_uuid,
    name,
    class_name,
    config_name,
    queue_name,
    authenticated_user,
    assumed_role,
    authenticated_roles,
    executor_id,
    application_version,
    application_id,
    application_name, -- workflow_status.application_name
    created_at,
    updated_at,
    recovery_attempts,
    workflow_timeout_ms,
    deduplication_id,
    priority,
    queue_partition_key, -- workflow_status.queue_partition_key
    delay_until_epoch_ms, -- workflow_status.delay_until_epoch_ms
    attributes, -- workflow_status.attributes
    serialization, -- workflow_status.serialization
    creator_xid, -- workflow_status.creator_xid
    inputs, -- not workflow_input
    status
  )
  select
    workflow_id,
    name,
    class_name,
    config_name,
    queue_name,
    coalesce(authenticated_user, ''),
    '',
    coalesce(authenticated_roles, '[]'),
    '',
    application_version,
    '',
    application_name, -- workflow_status.application_name
    created_at,
    created_at,
    0,
    timeout_ms,
    deduplication_id,
    coalesce(priority, 0),
    queue_partition_key, -- workflow_status.queue_partition_key
    created_at + delay_ms, -- workflow_status.delay_until_epoch_ms
    attributes, -- workflow_status.attributes
    serialization, -- workflow_status.serialization
    creator_xid, -- workflow_status.creator_xid
    inputs, -- not workflow_input
    case when delay_ms > 0 then 'DELAYED' else 'ENQUEUED' end
  from job
  order by position
  on conflict do nothing
  returning workflow_uuid, created_at
),
payload as ( -- workflow_input
  insert into :schema.workflow_input (workflow_uuid, inputs) -- workflow_input
  select job.workflow_id, job.inputs -- workflow_input
  from job -- workflow_input
  join inserted on inserted.workflow_uuid = job.workflow_id -- workflow_input
    and inserted.created_at = job.created_at -- workflow_input
  on conflict (workflow_uuid) do update set inputs = excluded.inputs -- workflow_input
), -- workflow_input
obstacle as (
  select job.*
  from job
  where not exists (
    select from inserted
    where inserted.workflow_uuid = job.workflow_id and inserted.created_at = job.created_at
  )
)
select
  obstacle.position,
  existing.workflow_uuid as existing_id,
  existing.status as existing_status,
  existing.name as existing_name,
  existing.class_name::text as existing_class_name,
  existing.config_name::text as existing_config_name,
  coalesce(
    existing.creator_xid = obstacle.creator_xid, -- workflow_status.creator_xid
    false
  ) as is_own,
  holder.workflow_uuid as holder_id
from obstacle
left join :schema.workflow_status as existing
  on existing.workflow_uuid = obstacle.workflow_id
left join :schema.workflow_status as holder
  on holder.queue_name = obstacle.queue_name
  and holder.deduplication_id = obstacle.deduplication_id`,
};

export const findFeatures: Statement<{
  schema_name: string;
}, {
  database: string;
  columns: string | null;
}> = {
  name: "find_features",
  text: `
select
  current_database()::text as database,
  string_agg(c.relname || '.' || a.attname, ' ') as columns
from pg_catalog.pg_attribute as a
join pg_catalog.pg_class as c on c.oid = a.attrelid
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname = :schema_name::text
  and c.relkind in ('r', 'p')
  and a.attnum > 0
  and not a.attisdropped`,
};

export const getWorkflow: Statement<{
  workflow_id: string;
}, {
  workflow_id: string;
  status: string;
  name: string;
  class_name: string | null;
  config_name: string | null;
  queue_name: string | null;
  authenticated_user: string | null;
  assumed_role: string | null;
  authenticated_roles: string | null;
  inputs: string | null;
  output: string | null;
  error: string | null;
  serialization: string | null;
  executor_id: string | null;
  application_version: string | null;
  application_name: string | null;
  recovery_attempts: string | null;
  created_at: string;
  updated_at: string | null;
  timeout_ms: string | null;
  deadline_epoch_ms: string | null;
  deduplication_id: string | null;
  priority: number | null;
  queue_partition_key: string | null;
  started_at_epoch_ms: string | null;
  delay_until_epoch_ms: string | null;
  completed_at: string | null;
  forked_from: string | null;
  was_forked_from: boolean | null;
  parent_workflow_id: string | null;
  attributes: string | null;
  schedule_name: string | null;
}> = {
  name: "get_workflow",
  text: `
select
  ws.workflow_uuid as workflow_id,
  ws.status,
  ws.name,
  ws.class_name::text,
  ws.config_name::text,
  ws.queue_name,
  ws.authenticated_user,
  ws.assumed_role,
  ws.authenticated_roles,
  coalesce(
    wi.inputs, -- workflow_input
    ws.inputs
  ) as inputs,
  coalesce(
    wo.output, -- workflow_output
    ws.output
  ) as output,
  coalesce(
    wo.error, -- workflow_output
    ws.error
  ) as error,
  ws.serialization, -- workflow_status.serialization
  ws.executor_id,
  ws.application_version,
  ws.application_name, -- workflow_status.application_name
  ws.recovery_attempts::text,
  ws.updated_at::text,
  ws.workflow_timeout_ms::text as timeout_ms,
  ws.workflow_deadline_epoch_ms::text as deadline_epoch_ms,
  ws.deduplication_id,
  ws.priority,
  ws.queue_partition_key, -- workflow_status.queue_partition_key
  ws.started_at_epoch_ms::text,
  ws.delay_until_epoch_ms::text, -- workflow_status.delay_until_epoch_ms
  ws.completed_at::text, -- workflow_status.completed_at
  ws.forked_from,
  ws.was_forked_from, -- workflow_status.was_forked_from
  ws.parent_workflow_id, -- workflow_status.parent_workflow_id
  ws.attributes::text, -- workflow_status.attributes
  ws.schedule_name, -- workflow_status.schedule_name
  ws.created_at::text
from :schema.workflow_status as ws
left join :schema.workflow_input as wi using (workflow_uuid) -- workflow_input
left join :schema.workflow_output as wo using (workflow_uuid) -- workflow_output
where ws.workflow_uuid = :workflow_id::text`,
};

export const limitTime: Statement<{
  timeout_ms: number;
}, Record<never, never>> = {
  name: "limit_time",
  text: `
set local statement_timeout = :timeout_ms`,
};

export const look: Statement<{
  workflow_ids: string;
  events: string;
}, {
  kind: string;
  workflow_id: string;
  key: string | null;
  status: string | null;
  value: string | null;
  error: string | null;
  serialization: string | null;
}> = {
  name: "look",
  text: `
select
  'outcome' as kind,
  ws.workflow_uuid as workflow_id,
  null::text as key,
  ws.status,
  coalesce(
    wo.output, -- workflow_output
    ws.output
  ) as value,
  coalesce(
    wo.error, -- workflow_output
    ws.error
  ) as error,
  coalesce(
    ws.serialization, -- workflow_status.serialization
    null::text
  ) as serialization
from :schema.workflow_status as ws
left join :schema.workflow_output as wo using (workflow_uuid) -- workflow_output
where ws.workflow_uuid in (select json_array_elements_text(:workflow_ids::text::json))
  and ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
union all
select
  'event',
  event.workflow_uuid,
  event.key,
  null,
  event.value,
  null,
  coalesce(
    event.serialization, -- workflow_events.serialization
    null::text
  )
from json_to_recordset(:events::text::json) as wanted (workflow_id text, key text)
join :schema.workflow_events as event
  on event.workflow_uuid = wanted.workflow_id and event.key = wanted.key`,
};

export const send: Statement<{
  messages: string;
  backlog_ms: number;
}, {
  position: number;
}> = {
  name: "send",
  text: `
with message as (
  select
    input.*,
    (extract(epoch from statement_timestamp()) * 1000)::bigint
      + :backlog_ms::int + input.position as created_at
  from json_to_recordset(:messages::text::json) as input (
    position int,
    message_id text,
    destination_id text,
    topic text,
    message text,
    serialization text
  )
),
destination as (
  select workflow_uuid
  from :schema.workflow_status
  where workflow_uuid in (select destination_id from message)
  for key share
),
sent as (
  insert into :schema.notifications (
    message_uuid,
    destination_uuid,
    topic,
    serialization, -- notifications.serialization
    created_at_epoch_ms,
    message
  )
  select
    message.message_id,
    message.destination_id,
    message.topic,
    message.serialization, -- notifications.serialization
    message.created_at,
    message.message
  from message
  join destination on destination.workflow_uuid = message.destination_id
  order by message.position
  on conflict do nothing
)
select message.position
from message
where not exists (
  select from destination where destination.workflow_uuid = message.destination_id
)`,
};
