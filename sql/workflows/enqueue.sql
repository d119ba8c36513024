-- enqueue(after text, backlog int, jobs text, check_conflicts int) many
-- row: last_created_at text?, position int?, existing_id text?, status text?, name text?,
-- row: class_name text?, config_name text?, is_own boolean?, holder_id text?
--
-- Inserts workflows, and returns a row for each job that was not inserted with what stands in its
-- way: the workflow that has its ID, or else the one that holds its deduplication ID. `is_own` says
-- that the workflow with its ID was written by this very call, by an attempt whose answer got lost.
-- Where all were inserted there is one row without a position. Each row says when the last one was
-- created, unless none was inserted.
--
-- Without check_conflicts nothing is looked for, which takes the server a fifth less: for jobs whose IDs are
-- new and that have no deduplication ID. An ID that is there all the same is a unique violation.
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
  on conflict do nothing -- :check_conflicts
  returning workflow_uuid, created_at, inputs
),
payload as ( -- workflow_input
  insert into :schema.workflow_input (workflow_uuid, inputs) -- workflow_input
  select workflow_uuid, inputs from inserted -- workflow_input
  on conflict (workflow_uuid) do update -- workflow_input, :check_conflicts
    set inputs = excluded.inputs -- workflow_input, :check_conflicts
), -- workflow_input
conflict as ( -- :check_conflicts
  select job.* -- :check_conflicts
  from job -- :check_conflicts
  where not exists ( -- :check_conflicts
    select from inserted -- :check_conflicts
    where inserted.workflow_uuid = job.workflow_id -- :check_conflicts
      and inserted.created_at = job.created_at -- :check_conflicts
  ) -- :check_conflicts
), -- :check_conflicts
stamp as (
  select max(created_at)::text as last_created_at
  from inserted
)
select
  conflict.position, -- :check_conflicts
  null::int as position, -- not :check_conflicts
  existing.workflow_uuid as existing_id, -- :check_conflicts
  existing.status, -- :check_conflicts
  existing.name, -- :check_conflicts
  existing.class_name::text, -- :check_conflicts
  existing.config_name::text, -- :check_conflicts
  existing.creator_xid -- workflow_status.creator_xid, :check_conflicts
    = conflict.creator_xid as is_own, -- workflow_status.creator_xid, :check_conflicts
  existing.owner_xid -- workflow_status.owner_xid, not workflow_status.creator_xid, :check_conflicts
    = conflict.creator_xid as is_own, -- workflow_status.owner_xid, not workflow_status.creator_xid, :check_conflicts
  holder.workflow_uuid as holder_id, -- :check_conflicts
  stamp.last_created_at
from stamp
left join conflict on true -- :check_conflicts
left join :schema.workflow_status as existing -- :check_conflicts
  on existing.workflow_uuid = conflict.workflow_id -- :check_conflicts
left join :schema.workflow_status as holder -- :check_conflicts
  on holder.queue_name = conflict.queue_name -- :check_conflicts
  and holder.deduplication_id = conflict.deduplication_id -- :check_conflicts
