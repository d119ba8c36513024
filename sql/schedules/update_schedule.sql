-- update_schedule(name text, changes text) optional
-- row: schedule_name text
-- needs workflow_schedules for schedules
--
-- Changes the columns of a schedule that a JSON object names. Returns no row if the schedule does not
-- exist.
with before as (
  select entry
  from :schema.workflow_schedules as entry
  where entry.schedule_name = :name::text
  for update
)
update :schema.workflow_schedules as updated
set
  schedule = wanted.schedule,
  automatic_backfill = wanted.automatic_backfill, -- if workflow_schedules.automatic_backfill
  cron_timezone = wanted.cron_timezone, -- if workflow_schedules.cron_timezone
  queue_name = wanted.queue_name, -- if workflow_schedules.queue_name
  context = wanted.context
from before
cross join jsonb_populate_record(before.entry, :changes::text::jsonb) as wanted
where updated.schedule_id = wanted.schedule_id
returning updated.schedule_name
