-- enqueue(after text, backlog int, jobs text) many
-- row: last_created_at text?, position int?, existing_id text?, existing_status text?,
-- row: existing_name text?, existing_class_name text?, existing_config_name text?, is_own boolean?,
-- row: holder_id text?
--
-- Inserts workflows, and returns a row for each job that was not inserted with what stands in its
-- way: the workflow that has its ID, or else the one that holds its deduplication ID. `is_own` says
-- that the workflow with its ID was written by this very call, by an attempt whose answer got lost.
-- Where all were inserted there is one row without a position. Each row says when the last one was
-- created, unless none was inserted.
--
-- The inputs are written where workers of every age look for them: to workflow_input and to
-- workflow_status, which older releases read alone. Go's would run without arguments.
--
-- What tells is a token of the call's: where the schema has no creator_xid it is in owner_xid, as with
-- the SDKs of that time, whose workers leave it there.
--
-- A row that names neither met a workflow that this statement cannot see: one that was committed
-- after the statement began, or an earlier job of the same statement. Sending that job again tells.
--
-- Where there is no class, workers of TypeScript that know of no formats need empty text, and those
-- of Python NULL.
--
-- Workers dequeue by created_at, so the rows of one statement get increasing values in the order of
-- their positions. That is the order of the array, so nothing needs to be sorted. They come after
-- those of the statements before: later than `after`, the last value that the caller knows of, and by
-- as much as the rows in statements that have not returned yet, the `backlog`; but never more than a
-- second later than now.
with job as (
  select
    input.*,
    least(greatest(now_ms, :after::text::bigint + 1) + :backlog::int, now_ms + 1000)
      + input.position as created_at
  from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as now_ms) as clock
  cross join json_to_recordset(:jobs::text::json) as input (
    position int,
    workflow_id text,
    name text,
    class_name text,
    config_name text,
    queue_name text,
    authenticated_user text,
    assumed_role text,
    authenticated_roles text,
    application_version text,
    application_name text,
    timeout_ms bigint,
    deadline_epoch_ms bigint,
    deduplication_id text,
    priority int,
    queue_partition_key text,
    delay_ms bigint,
    attributes jsonb,
    inputs text,
    serialization text,
    schedule_name text,
    is_debounced boolean,
    debounce_timeout_ms bigint,
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
    workflow_deadline_epoch_ms,
    deduplication_id,
    priority,
    queue_partition_key, -- workflow_status.queue_partition_key
    delay_until_epoch_ms, -- workflow_status.delay_until_epoch_ms
    attributes, -- workflow_status.attributes
    serialization, -- workflow_status.serialization
    schedule_name, -- workflow_status.schedule_name
    is_debounced, -- workflow_status.is_debounced
    debounce_deadline_epoch_ms, -- workflow_status.is_debounced
    creator_xid, -- workflow_status.creator_xid
    owner_xid, -- workflow_status.owner_xid, not workflow_status.creator_xid
    inputs,
    status
  )
  select
    workflow_id,
    name,
    coalesce(
      class_name,
      case serialization when 'js_superjson' then '' end, -- not workflow_status.serialization
      null
    ),
    config_name,
    queue_name,
    coalesce(authenticated_user, ''),
    coalesce(assumed_role, ''),
    coalesce(authenticated_roles, '[]'),
    '',
    application_version,
    '',
    application_name, -- workflow_status.application_name
    created_at,
    created_at,
    0,
    timeout_ms,
    deadline_epoch_ms,
    deduplication_id,
    coalesce(priority, 0),
    queue_partition_key, -- workflow_status.queue_partition_key
    created_at + least(delay_ms, debounce_timeout_ms), -- workflow_status.delay_until_epoch_ms
    attributes, -- workflow_status.attributes
    serialization, -- workflow_status.serialization
    schedule_name, -- workflow_status.schedule_name
    coalesce(is_debounced, false), -- workflow_status.is_debounced
    created_at + debounce_timeout_ms, -- workflow_status.is_debounced
    creator_xid, -- workflow_status.creator_xid
    creator_xid, -- workflow_status.owner_xid, not workflow_status.creator_xid
    inputs,
    case when delay_ms > 0 then 'DELAYED' else 'ENQUEUED' end
  from job
  on conflict do nothing
  returning workflow_uuid, created_at, inputs
),
payload as ( -- workflow_input
  insert into :schema.workflow_input (workflow_uuid, inputs) -- workflow_input
  select workflow_uuid, inputs from inserted -- workflow_input
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
  stamp.last_created_at,
  obstacle.position,
  existing.workflow_uuid as existing_id,
  existing.status as existing_status,
  existing.name as existing_name,
  existing.class_name::text as existing_class_name,
  existing.config_name::text as existing_config_name,
  coalesce(
    existing.creator_xid = obstacle.creator_xid, -- workflow_status.creator_xid
    existing.owner_xid -- workflow_status.owner_xid, not workflow_status.creator_xid
      = obstacle.creator_xid, -- workflow_status.owner_xid, not workflow_status.creator_xid
    false
  ) as is_own,
  holder.workflow_uuid as holder_id
from (select max(created_at)::text as last_created_at from inserted) as stamp
left join obstacle on true
left join :schema.workflow_status as existing
  on existing.workflow_uuid = obstacle.workflow_id
left join :schema.workflow_status as holder
  on holder.queue_name = obstacle.queue_name
  and holder.deduplication_id = obstacle.deduplication_id
