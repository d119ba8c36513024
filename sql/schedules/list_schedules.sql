-- list_schedules(names text?, prefixes text?, statuses text?, workflow_names text?,
--   application_names text?) many
-- row: schedule_id text, schedule_name text, workflow_name text, workflow_class_name text?,
-- row: schedule text, status text, context text, last_fired_at text?, automatic_backfill boolean,
-- row: cron_timezone text?, queue_name text?, application_name text?
-- needs workflow_schedules for schedules
--
-- The schedules that pass the filters, by name; of those of applications, with those that belong to
-- none. A filter that is null lets all pass.
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
where (
    :names::text is null
    or schedule_name in (select json_array_elements_text(:names::text::json))
  )
  and (
    :prefixes::text is null
    or exists (
      select from json_array_elements_text(:prefixes::text::json) as prefix
      where starts_with(schedule_name, prefix)
    )
  )
  and (
    :statuses::text is null
    or status in (select json_array_elements_text(:statuses::text::json))
  )
  and (
    :workflow_names::text is null
    or workflow_name in (select json_array_elements_text(:workflow_names::text::json))
  )
  -- if workflow_schedules.application_name
  and (
    application_name is null
    or :application_names::text is null
    or application_name in (
      select json_array_elements_text(
        :application_names::text::json
      )
    )
  )
  -- end
order by schedule_name
