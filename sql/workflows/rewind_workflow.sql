-- rewind_workflow(workflow_id text, creator_xid text, start_step int, queue_name text,
--   queue_partition_key text?, application_version text?) optional
-- row: status text, is_rewound boolean
-- needs workflow_events_history, streams for rewindWorkflow
--
-- Deletes what a workflow did from a step on, and puts it on a queue again. Returns the status that
-- it had before. Only a workflow that has ended is rewound. If it was not rewound although the status
-- is a final one, another call changed it meanwhile; sending the statement again shows how.
--
-- An event gets back the value that it had before the step. Streams only lose their close markers, so
-- that the workflow can write to them again. The messages that the workflow received from the step
-- on, and those that it has not received, are deleted.
--
-- creator_xid identifies an attempt whose answer was lost, even if the workflow has ended again since.
-- In older schemas, which lack it, the next attempt finds the workflow active or rewinds it again.
with target as (
  select workflow_uuid
  from :schema.workflow_status
  where workflow_uuid = :workflow_id::text
    and status not in ('PENDING', 'ENQUEUED', 'DELAYED')
    and creator_xid is distinct from :creator_xid::text -- if workflow_status.creator_xid
  for no key update
),
history as (
  select history.*
  from target
  join :schema.workflow_events_history as history using (workflow_uuid)
),
undone_event as (
  select distinct workflow_uuid, key
  from history
  where function_id >= :start_step::int
),
earlier_event as (
  select distinct on (key) history.*
  from history
  where function_id < :start_step::int
  order by key, function_id desc
),
restored_events as (
  update :schema.workflow_events as event
  set
    serialization = earlier_event.serialization, -- if workflow_events.serialization
    value = earlier_event.value
  from undone_event
  join earlier_event using (workflow_uuid, key)
  where event.workflow_uuid = undone_event.workflow_uuid and event.key = undone_event.key
),
deleted_events as (
  delete from :schema.workflow_events as event
  using undone_event
  where event.workflow_uuid = undone_event.workflow_uuid
    and event.key = undone_event.key
    and not exists (select from earlier_event where earlier_event.key = event.key)
),
deleted_history as (
  delete from :schema.workflow_events_history
  where workflow_uuid in (select workflow_uuid from target)
    and function_id >= :start_step::int
),
deleted_close_markers as (
  delete from :schema.streams
  where workflow_uuid in (select workflow_uuid from target)
    and function_id >= :start_step::int
    and value in (
      '"__DBOS_STREAM_CLOSED__"',
      '__DBOS_STREAM_CLOSED__',
      'gASVGgAAAAAAAACMFl9fREJPU19TVFJFQU1fQ0xPU0VEX1+ULg==',
      'gAWVGgAAAAAAAACMFl9fREJPU19TVFJFQU1fQ0xPU0VEX1+ULg=='
    )
),
deleted_steps as (
  delete from :schema.operation_outputs
  where workflow_uuid in (select workflow_uuid from target)
    and function_id >= :start_step::int
),
deleted_messages as (
  delete from :schema.notifications
  where destination_uuid in (select workflow_uuid from target)
    -- if notifications.consumed
    and (
      not consumed
      or consumed_by_function_id >= :start_step::int -- if notifications.consumed_by_function_id
    )
    -- end
),
-- if workflow_output
deleted_output as (
  delete from :schema.workflow_output
  where workflow_uuid in (select workflow_uuid from target)
),
-- end
rewound as (
  update :schema.workflow_status
  set
    status = 'ENQUEUED',
    owner_xid = null, -- if workflow_status.owner_xid
    queue_name = :queue_name::text,
    queue_partition_key = :queue_partition_key::text, -- if workflow_status.queue_partition_key
    application_version = coalesce(:application_version::text, application_version),
    recovery_attempts = 0,
    workflow_deadline_epoch_ms = null,
    deduplication_id = null,
    started_at_epoch_ms = null,
    completed_at = null, -- if workflow_status.completed_at
    output = null,
    error = null,
    creator_xid = :creator_xid::text, -- if workflow_status.creator_xid
    updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint
  where workflow_uuid in (select workflow_uuid from target)
  returning workflow_uuid
)
select
  status,
  coalesce(
    creator_xid = :creator_xid::text, -- if workflow_status.creator_xid
    false
  ) or exists (select from rewound) as is_rewound
from :schema.workflow_status
where workflow_uuid = :workflow_id::text
