-- find_schedule(application_name text?, name text) optional
-- row: workflow_name text, workflow_class_name text?, schedule text, cron_timezone text?,
-- row: queue_name text?, application_name text?, latest_version text?, context text
-- needs workflow_schedules for schedules
--
-- Returns what a run of a schedule needs: its definition; the application whose workers run it, which
-- is the given one if the schedule belongs to none; and the latest version of that application.
with found as (
  select
    entry.*,
    coalesce(
      entry.application_name, -- if workflow_schedules.application_name
      :application_name::text
    ) as owner
  from :schema.workflow_schedules as entry
  where entry.schedule_name = :name::text
)
select
  workflow_name,
  workflow_class_name,
  schedule,
  cron_timezone, -- if workflow_schedules.cron_timezone
  queue_name, -- if workflow_schedules.queue_name
  owner as application_name,
  -- if application_versions
  (
    select version.version_name
    from :schema.application_versions as version
    where true
      -- if application_versions.application_name
      and coalesce(version.application_name = owner, true)
      -- end
    order by version.version_timestamp desc
    limit 1
  ) as latest_version,
  -- end
  context
from found
where statement_timestamp() is not null
