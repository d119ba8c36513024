-- create_schedule(schedule text) optional
-- row: application_name text?, schedule_id text?
-- needs workflow_schedules for schedules
--
-- Inserts a schedule, or returns the schedule that has its name. Both columns are null if that one was
-- committed after the statement began. If the ID is the schedule's own, an earlier attempt of this
-- call inserted it and its answer was lost.
with input as (
  select *
  from json_to_recordset(:schedule::text::json) as input (
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
inserted as (
  insert into :schema.workflow_schedules (
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
  on conflict do nothing
  returning schedule_id
)
select
  existing.application_name, -- if workflow_schedules.application_name
  existing.schedule_id
from input
left join :schema.workflow_schedules as existing using (schedule_name)
where not exists (select from inserted)
