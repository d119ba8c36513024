-- debounce(job text, is_retry? int) optional
-- row: extended_id text?, is_outdated boolean?, is_debounced boolean?, name text?, class_name text?,
-- row: application_name text?, holder_id text?
-- needs workflow_status.is_debounced, workflow_status.delay_until_epoch_ms,
-- needs workflow_status.serialization for debounce
--
-- Extends the delay of a debounced workflow that is still delayed, up to its deadline if it has one,
-- and replaces its arguments. The workflow must have the same name, the same class (unless the job
-- ignores the class), and the same application or none, which then becomes that of the job.
--
-- creator_xid identifies the call. With is_retry, after an answer was lost, a workflow that has it was
-- extended by an earlier attempt of this call, even if a worker has started it since.
--
-- Returns the workflow whose delay was extended, or else the one that holds the debounce key, if
-- any. The statement waits for a worker that starts the workflow at the same time. That workflow is
-- still returned as the holder, but no longer when the statement is sent again.
with job as (
  select *
  from json_to_recordset(:job::text::json) as job (
    name text,
    class_name text,
    queue_name text,
    deduplication_id text,
    application_name text,
    delay_ms bigint,
    ignores_class boolean,
    inputs text,
    serialization text,
    creator_xid text
  )
),
-- if :is_retry and workflow_status.creator_xid
extended_before as (
  select ws.workflow_uuid
  from job
  join :schema.workflow_status as ws
    on ws.queue_name = job.queue_name
    and ws.name = job.name
    and ws.creator_xid = job.creator_xid
  where :is_retry::int = 1
),
-- end
extended as (
  update :schema.workflow_status as ws
  set
    delay_until_epoch_ms = least(present.ms + job.delay_ms, ws.debounce_deadline_epoch_ms),
    -- if workflow_status.application_name
    application_name = coalesce(ws.application_name, job.application_name),
    -- end
    inputs = job.inputs,
    serialization = job.serialization,
    creator_xid = job.creator_xid, -- if workflow_status.creator_xid
    updated_at = present.ms
  from job, (select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present
  where ws.queue_name = job.queue_name
    and ws.deduplication_id = job.deduplication_id
    and ws.name = job.name
    and (job.ignores_class or ws.class_name is not distinct from job.class_name)
    and ws.status = 'DELAYED'
    and ws.is_debounced
    and to_regclass(:'schema' || '.workflow_input') is null -- if not workflow_input
    -- if workflow_status.application_name
    and coalesce(ws.application_name = job.application_name, true)
    -- end
    -- if :is_retry and workflow_status.creator_xid
    and not exists (select from extended_before)
    -- end
  returning ws.workflow_uuid
),
-- if workflow_input
payload as (
  insert into :schema.workflow_input (workflow_uuid, inputs)
  select extended.workflow_uuid, job.inputs
  from extended
  cross join job
  on conflict (workflow_uuid) do update set inputs = excluded.inputs
),
-- end
holder as (
  select ws.*
  from job
  join :schema.workflow_status as ws
    on ws.queue_name = job.queue_name
    and ws.deduplication_id = job.deduplication_id
)
select
  coalesce(
    -- if :is_retry and workflow_status.creator_xid
    (select workflow_uuid from extended_before limit 1),
    -- end
    extended.workflow_uuid
  ) as extended_id,
  to_regclass(:'schema' || '.workflow_input') is not null as is_outdated, -- if not workflow_input
  holder.is_debounced,
  holder.name,
  holder.class_name::text,
  holder.application_name, -- if workflow_status.application_name
  holder.workflow_uuid as holder_id
from job
left join extended on true
left join holder on true
