-- fork_workflows(forks text) many
-- row: position int, has_original boolean, is_own boolean, is_outdated boolean?,
-- row: existing_status text?, existing_name text?
-- needs workflow_events_history, streams for forkWorkflow
--
-- Enqueues copies of workflows, each with the steps before `start_step` and what they published.
-- Unless all originals exist and all IDs of forks are free nothing is written. Returns a row for
-- each fork that was not inserted. `is_own` means that an earlier attempt of this call inserted it
-- and its answer was lost; schemas without creator_xid take any fork of the same workflow for that.
--
-- `limit 1` and `offset 0` make the planner look the rows of each fork up by their IDs. It expects 100
-- forks, and would read whole tables of some ten thousand rows for one.
--
-- A row with neither a missing original nor an existing workflow is that of a fork whose ID was taken
-- after the statement began. The other forks are written then. Sending it again shows the conflict.
with fork as (
  select
    input.*,
    (extract(epoch from statement_timestamp()) * 1000)::bigint + input.ordinality - 1 as created_at,
    original.workflow_uuid is not null as has_original,
    coalesce(
      original.application_name, -- if workflow_status.application_name
      input.client_application_name
    ) as application_name,
    to_regclass(:'schema' || '.workflow_input') is not null as is_outdated, -- if not workflow_input
    existing.status as existing_status,
    existing.name as existing_name,
    coalesce(
      existing.creator_xid = input.creator_xid, -- if workflow_status.creator_xid
      existing.forked_from = input.original_id, -- if not workflow_status.creator_xid
      false
    ) as is_own
  from rows from (
    json_to_recordset(:forks::text::json) as (
      original_id text,
      fork_id text,
      start_step int,
      queue_name text,
      queue_partition_key text,
      application_version text,
      client_application_name text,
      timeout_ms bigint,
      replacement_children jsonb,
      creator_xid text
    )
  ) with ordinality as input
  left join lateral (
    select * from :schema.workflow_status where workflow_uuid = input.original_id limit 1
  ) as original on true
  left join lateral (
    select * from :schema.workflow_status where workflow_uuid = input.fork_id limit 1
  ) as existing on true
),
inserted as (
  insert into :schema.workflow_status (
    workflow_uuid,
    status,
    class_name,
    config_name,
    queue_name,
    authenticated_user,
    assumed_role,
    authenticated_roles,
    application_version,
    application_id,
    application_name, -- if workflow_status.application_name
    created_at,
    updated_at,
    workflow_timeout_ms,
    queue_partition_key, -- if workflow_status.queue_partition_key
    attributes, -- if workflow_status.attributes
    serialization, -- if workflow_status.serialization
    creator_xid, -- if workflow_status.creator_xid
    forked_from, -- if workflow_status.forked_from
    inputs,
    name
  )
  select
    fork.fork_id,
    'ENQUEUED',
    original.class_name,
    original.config_name,
    fork.queue_name,
    original.authenticated_user,
    original.assumed_role,
    original.authenticated_roles,
    coalesce(fork.application_version, original.application_version),
    original.application_id,
    fork.application_name, -- if workflow_status.application_name
    fork.created_at,
    fork.created_at,
    fork.timeout_ms,
    fork.queue_partition_key, -- if workflow_status.queue_partition_key
    original.attributes, -- if workflow_status.attributes
    original.serialization, -- if workflow_status.serialization
    fork.creator_xid, -- if workflow_status.creator_xid
    fork.original_id, -- if workflow_status.forked_from
    coalesce(
      payload.inputs, -- if workflow_input
      original.inputs
    ),
    original.name
  from fork
  cross join lateral (
    select * from :schema.workflow_status where workflow_uuid = fork.original_id limit 1
  ) as original
  -- if workflow_input
  left join lateral (
    select * from :schema.workflow_input where workflow_uuid = fork.original_id limit 1
  ) as payload on true
  -- end
  where not exists (
    select from fork
    where not has_original
      or is_outdated -- if not workflow_input
      or (existing_status is not null and not is_own)
  )
  order by fork.ordinality
  on conflict do nothing
  returning workflow_uuid, inputs
),
copy as (
  select fork.*
  from fork
  join inserted on inserted.workflow_uuid = fork.fork_id
),
-- if workflow_status.was_forked_from
marked as (
  update :schema.workflow_status
  set was_forked_from = true
  where workflow_uuid = any(array(select original_id from copy))
    and not was_forked_from
),
-- end
-- if workflow_input
payload as (
  insert into :schema.workflow_input (workflow_uuid, inputs)
  select workflow_uuid, inputs
  from inserted
  on conflict (workflow_uuid) do update set inputs = excluded.inputs
),
-- end
steps as (
  insert into :schema.operation_outputs (
    workflow_uuid,
    function_id,
    function_name,
    output,
    error,
    serialization, -- if operation_outputs.serialization
    started_at_epoch_ms, -- if operation_outputs.started_at_epoch_ms
    completed_at_epoch_ms, -- if operation_outputs.completed_at_epoch_ms
    application_name, -- if operation_outputs.application_name
    child_workflow_id
  )
  select
    copy.fork_id,
    step.function_id,
    step.function_name,
    step.output,
    step.error,
    step.serialization, -- if operation_outputs.serialization
    step.started_at_epoch_ms, -- if operation_outputs.started_at_epoch_ms
    step.completed_at_epoch_ms, -- if operation_outputs.completed_at_epoch_ms
    copy.application_name, -- if operation_outputs.application_name
    coalesce(copy.replacement_children ->> step.child_workflow_id, step.child_workflow_id)
  from copy
  cross join lateral (
    select *
    from :schema.operation_outputs
    where workflow_uuid = copy.original_id and function_id < copy.start_step
    offset 0
  ) as step
),
stream_values as (
  insert into :schema.streams (
    workflow_uuid,
    key,
    value,
    serialization, -- if streams.serialization
    "offset",
    function_id
  )
  select
    copy.fork_id,
    stream.key,
    stream.value,
    stream.serialization, -- if streams.serialization
    stream."offset",
    stream.function_id
  from copy
  cross join lateral (
    select *
    from :schema.streams
    where workflow_uuid = copy.original_id and function_id < copy.start_step
    offset 0
  ) as stream
),
published as (
  select copy.fork_id, history.*
  from copy
  cross join lateral (
    select *
    from :schema.workflow_events_history
    where workflow_uuid = copy.original_id and function_id < copy.start_step
    offset 0
  ) as history
),
history as (
  insert into :schema.workflow_events_history (
    workflow_uuid,
    function_id,
    key,
    serialization, -- if workflow_events.serialization
    value
  )
  select
    fork_id,
    function_id,
    key,
    serialization, -- if workflow_events.serialization
    value
  from published
),
events as (
  insert into :schema.workflow_events (
    workflow_uuid,
    key,
    serialization, -- if workflow_events.serialization
    value
  )
  select distinct on (fork_id, key)
    fork_id,
    key,
    serialization, -- if workflow_events.serialization
    value
  from published
  order by fork_id, key, function_id desc
)
select
  (ordinality - 1)::int as position,
  has_original,
  is_own,
  is_outdated, -- if not workflow_input
  existing_status,
  existing_name
from fork
where not exists (select from inserted where inserted.workflow_uuid = fork.fork_id)
