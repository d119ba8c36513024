-- find_schedule(name text, application_name text?) optional
-- row: workflow_name text, workflow_class_name text?, schedule text, context text,
-- row: cron_timezone text?, queue_name text?, application_name text?, latest_version text?
-- needs workflow_schedules
--
-- What a run of a schedule needs: its definition, the application whose workers run it, which is the
-- given one where the schedule belongs to none, and the latest version of that.
with found as (
  select
    entry.*,
    coalesce(
      entry.application_name, -- workflow_schedules.application_name
      :application_name::text
    ) as owner
  from :schema.workflow_schedules as entry
  where entry.schedule_name = :name::text
)
select
  workflow_name,
  workflow_class_name,
  schedule,
  cron_timezone, -- workflow_schedules.cron_timezone
  queue_name, -- workflow_schedules.queue_name
  owner as application_name,
  ( -- application_versions
    select version.version_name -- application_versions
    from :schema.application_versions as version -- application_versions
    where true -- application_versions
      and coalesce( -- application_versions.application_name
        version.application_name = owner, true -- application_versions.application_name
      ) -- application_versions.application_name
    order by version.version_timestamp desc -- application_versions
    limit 1 -- application_versions
  ) as latest_version, -- application_versions
  context
from found
