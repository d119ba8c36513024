-- debounce(job text) optional
-- row: extended_id text?, holder_id text?, is_debounced boolean?, name text?, class_name text?,
-- row: application_name text?, is_outdated boolean?
-- needs workflow_status.is_debounced for debounce
--
-- Puts off a debounced workflow that is still delayed, and gives it new arguments; its deadline, if
-- it has one, is the latest that it is put off to. Only one of the same name and, unless the job is
-- of any class, the same class, and one of the given application or of none, which becomes that of
-- the given one.
--
-- Returns the workflow that was put off, or else the one that holds the debounce key, if any. A
-- worker that lets the workflow go at the same time is waited for; that is then shown as the holder
-- still, and no more when the statement is sent again.
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
    serialization text
  )
),
extended as (
  update :schema.workflow_status as extended
  set
    delay_until_epoch_ms = least(
      present.ms + job.delay_ms,
      extended.debounce_deadline_epoch_ms
    ),
    -- if workflow_status.application_name
    application_name = coalesce(
      extended.application_name, job.application_name
    ),
    -- end
    inputs = job.inputs,
    serialization = job.serialization,
    updated_at = present.ms
  from job, (select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present
  where extended.queue_name = job.queue_name
    and extended.deduplication_id = job.deduplication_id
    and extended.name = job.name
    and (job.ignores_class or extended.class_name is not distinct from job.class_name)
    and extended.status = 'DELAYED'
    and extended.is_debounced
    -- if not workflow_input
    and not exists (
      select from pg_catalog.pg_class as here
      join pg_catalog.pg_class as beside using (relnamespace)
      where here.oid = extended.tableoid and beside.relname = 'workflow_input'
    )
    -- end
    -- if workflow_status.application_name
    and coalesce(
      extended.application_name = job.application_name, true
    )
    -- end
  returning extended.workflow_uuid
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
  select
    holder.tableoid, -- if not workflow_input
    holder.*
  from job
  join :schema.workflow_status as holder
    on holder.queue_name = job.queue_name
    and holder.deduplication_id = job.deduplication_id
)
select
  extended.workflow_uuid as extended_id,
  -- if not workflow_input
  exists (
    select from pg_catalog.pg_class as here
    join pg_catalog.pg_class as beside using (relnamespace)
    where here.oid = holder.tableoid and beside.relname = 'workflow_input'
  ) as is_outdated,
  -- end
  holder.is_debounced,
  holder.name,
  holder.class_name::text,
  holder.application_name, -- if workflow_status.application_name
  holder.workflow_uuid as holder_id
from job
left join extended on true
left join holder on true
