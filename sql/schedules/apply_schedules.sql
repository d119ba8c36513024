-- apply_schedules(schedules text) many
-- row: application_name text?, schedule_name text
-- needs workflow_schedules for schedules
--
-- Inserts schedules, or replaces the schedules of the same names except for their IDs, their status
-- and the times at which they last fired: all of them, or none if one belongs to another application.
-- Returns the schedules that conflict, each with its application. A schedule that belongs to none
-- becomes that of the caller.
--
-- Existing schedules are locked before they are read, in the order of their names. A schedule that
-- another application creates after that is not replaced but returned, and the others are written.
with input as (
  select *
  from json_to_recordset(:schedules::text::json) as input (
    schedule_id text,
    schedule_name text,
    workflow_name text,
    workflow_class_name text,
    schedule text,
    context text,
    automatic_backfill boolean,
    cron_timezone text,
    queue_name text,
    application_name text
  )
),
existing as (
  select
    existing.application_name, -- if workflow_schedules.application_name
    existing.schedule_name
  from :schema.workflow_schedules as existing
  where existing.schedule_name in (select schedule_name from input)
  order by existing.schedule_name
  for update
),
conflicting as (
  select
    existing.application_name, -- if workflow_schedules.application_name
    existing.schedule_name
  from existing
  join input using (schedule_name)
  where false
    or existing.application_name <> input.application_name -- if workflow_schedules.application_name
),
written as (
  insert into :schema.workflow_schedules as written (
    schedule_id,
    schedule_name,
    workflow_name,
    workflow_class_name,
    schedule,
    context,
    automatic_backfill, -- if workflow_schedules.automatic_backfill
    cron_timezone, -- if workflow_schedules.cron_timezone
    queue_name, -- if workflow_schedules.queue_name
    application_name, -- if workflow_schedules.application_name
    status
  )
  select
    schedule_id,
    schedule_name,
    workflow_name,
    workflow_class_name,
    schedule,
    context,
    automatic_backfill, -- if workflow_schedules.automatic_backfill
    cron_timezone, -- if workflow_schedules.cron_timezone
    queue_name, -- if workflow_schedules.queue_name
    application_name, -- if workflow_schedules.application_name
    'ACTIVE'
  from input
  where not exists (select from conflicting)
  order by schedule_name
  on conflict (schedule_name) do update set
    workflow_name = excluded.workflow_name,
    workflow_class_name = excluded.workflow_class_name,
    schedule = excluded.schedule,
    automatic_backfill = excluded.automatic_backfill, -- if workflow_schedules.automatic_backfill
    cron_timezone = excluded.cron_timezone, -- if workflow_schedules.cron_timezone
    queue_name = excluded.queue_name, -- if workflow_schedules.queue_name
    -- if workflow_schedules.application_name
    application_name = coalesce(written.application_name, excluded.application_name),
    -- end
    context = excluded.context
  where true
    -- if workflow_schedules.application_name
    and coalesce(written.application_name = excluded.application_name, true)
    -- end
  returning schedule_name
)
select
  conflicting.application_name, -- if workflow_schedules.application_name
  conflicting.schedule_name
from conflicting
union all
select
  null, -- if workflow_schedules.application_name
  input.schedule_name
from input
where not exists (select from conflicting)
  and input.schedule_name not in (select schedule_name from written)
