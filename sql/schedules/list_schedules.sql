-- list_schedules(name? text, prefix? text, names? text, separator? text, prefixes? text,
--   statuses? text, workflow_names? text, application_names? text) many
-- row: schedule_id text, schedule_name text, workflow_name text, workflow_class_name text?,
-- row: schedule text, status text, last_fired_at text?, automatic_backfill boolean?,
-- row: cron_timezone text?, queue_name text?, application_name text?, context text
-- needs workflow_schedules for schedules
--
-- Lists the schedules that match, by name; of some applications with those that belong to none.
--
-- A single name or prefix is a parameter of its own. For a name the server then keeps one plan, which
-- halves its work, and for a prefix it can use the index.
select
  schedule_id,
  schedule_name,
  workflow_name,
  workflow_class_name,
  schedule,
  status,
  last_fired_at, -- if workflow_schedules.last_fired_at
  automatic_backfill, -- if workflow_schedules.automatic_backfill
  cron_timezone, -- if workflow_schedules.cron_timezone
  queue_name, -- if workflow_schedules.queue_name
  application_name, -- if workflow_schedules.application_name
  context
from :schema.workflow_schedules
where statement_timestamp() is not null
  and schedule_name = :name::text
  and schedule_name ^@ :prefix::text
  and schedule_name = any(string_to_array(:names::text, :separator::text))
  and schedule_name ^@ any(string_to_array(:prefixes::text, :separator::text))
  and status = any(string_to_array(:statuses::text, :separator::text))
  and workflow_name = any(string_to_array(:workflow_names::text, :separator::text))
  -- if workflow_schedules.application_name and :application_names
  and (
    application_name is null
    or application_name = any(string_to_array(:application_names::text, :separator::text))
  )
  -- end
order by schedule_name
