-- claim_workflows(executor_id text, names text, separator text, application_name? text,
--   application_version? text, queue_names? text, default_version text) many
-- row: workflow_id text, owner_xid text, name text, class_name text?, queue_name text,
-- row: application_version text?, authenticated_user text?, assumed_role text?,
-- row: authenticated_roles text?, serialization text?, inputs text?
--
-- Takes workflows with one of the names from their queues, as many as the limits of the queues allow, and
-- marks them as running. Returns them in the order in which they are to be started. A queue that is not
-- registered has no limits. With queue_names, workflows of other queues stay there. `owner_xid` is a token
-- of this claim: only who has it may record the outcome.
--
-- Another worker that claims at the same time is not noticed, so that both together may exceed a limit.
with present as (
  select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms
),
active as (
  select
    queue_name,
    queue_partition_key,
    status = 'PENDING' as is_running,
    status = 'PENDING' and executor_id = :executor_id::text as is_own,
    case when rate_limited then started_at_epoch_ms end as started_at
  from :schema.workflow_status
  where queue_name is not null
    and status not in ('ENQUEUED', 'DELAYED')
    and (status = 'PENDING' or rate_limited)
),
-- How many more workflows the limits of a queue allow; null if it has none, which `least()` ignores.
queue_room as (
  select
    queue.name,
    least(
      queue.concurrency - count(*) filter (where is_running),
      queue.worker_concurrency - count(*) filter (where is_own),
      queue.rate_limit_max
        - count(*) filter (where started_at > ms - queue.rate_limit_period_sec * 1000)
    ) as room
  from :schema.queues as queue
  cross join present
  left join active on active.queue_name = queue.name
  group by queue.queue_id, ms
),
partition_room as (
  select
    queue.name,
    queue_partition_key,
    least(
      queue.partition_concurrency - count(*) filter (where is_running),
      queue.partition_worker_concurrency - count(*) filter (where is_own),
      queue.partition_rate_limit_max
        - count(*) filter (where started_at > ms - queue.partition_rate_limit_period_sec * 1000)
    ) as room
  from :schema.queues as queue
  cross join present
  join active on active.queue_name = queue.name
  group by queue.queue_id, ms, queue_partition_key
),
enqueued as (
  select
    ws.workflow_uuid,
    ws.queue_name,
    ws.queue_partition_key,
    ws.priority,
    ws.created_at,
    coalesce(queue.rate_limit_max, queue.partition_rate_limit_max) is not null as rate_limited,
    coalesce(
      partition_room.room,
      least(
        queue.partition_concurrency,
        queue.partition_worker_concurrency,
        queue.partition_rate_limit_max
      )
    ) as room
  from :schema.workflow_status as ws
  left join :schema.queues as queue on queue.name = ws.queue_name
  left join partition_room
    on partition_room.name = ws.queue_name
    and partition_room.queue_partition_key = ws.queue_partition_key
  where ws.status = 'ENQUEUED'
    and concat(nullif(ws.class_name, '') || '.', ws.name)
      = any(string_to_array(:names::text, :separator::text))
    and (ws.application_name is null or ws.application_name = :application_name::text)
    and (ws.application_version is null or ws.application_version = :application_version::text)
    and ws.queue_name = any(string_to_array(:queue_names::text, :separator::text))
    and (
      ws.queue_partition_key is not null
      or num_nulls(
        queue.partition_concurrency,
        queue.partition_worker_concurrency,
        queue.partition_rate_limit_max
      ) = 3 and queue.partition_queue is not true
    )
),
allowed_in_partition as (
  select
    enqueued.*,
    row_number() over (
      partition by queue_name, queue_partition_key
      order by priority, created_at
    ) as position
  from enqueued
),
allowed as (
  select
    allowed_in_partition.*,
    queue_room.room as queue_room,
    row_number() over (partition by queue_name order by priority, created_at) as queue_position
  from allowed_in_partition
  left join queue_room on queue_room.name = queue_name
  where (position > allowed_in_partition.room) is not true
),
claimed as (
  update :schema.workflow_status as ws
  set
    status = 'PENDING',
    owner_xid = gen_random_uuid()::text,
    executor_id = :executor_id::text,
    application_version = coalesce(ws.application_version, :default_version::text),
    application_name = coalesce(ws.application_name, :application_name::text),
    started_at_epoch_ms = ms,
    updated_at = ms,
    rate_limited = allowed.rate_limited,
    recovery_attempts = ws.recovery_attempts + 1,
    workflow_deadline_epoch_ms = coalesce(
      ws.workflow_deadline_epoch_ms,
      ms + ws.workflow_timeout_ms
    )
  from allowed
  cross join present
  where (queue_position > queue_room) is not true
    and ws.workflow_uuid = allowed.workflow_uuid
    and ws.status = 'ENQUEUED'
  returning ws.*
)
select
  claimed.workflow_uuid as workflow_id,
  claimed.owner_xid,
  claimed.name,
  claimed.class_name::text,
  claimed.queue_name,
  claimed.application_version,
  claimed.authenticated_user,
  claimed.assumed_role,
  claimed.authenticated_roles,
  claimed.serialization,
  coalesce(payload.inputs, claimed.inputs) as inputs
from claimed
left join :schema.workflow_input as payload on payload.workflow_uuid = claimed.workflow_uuid
order by claimed.priority, claimed.created_at
