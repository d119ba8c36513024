-- find_schedule_readers(schedules text, load_context? int) many
-- row: schedule_name text, context text?, formats text
-- needs workflow_schedules for schedules
--
-- Finds out about the workers that read a schedule: a JSON array of the native formats that they have
-- left in schedules and in the 20,000 newest workflows. A schedule is read by the workers of the
-- application that owns it, or of every application if none does; rows of no application may be
-- theirs too. Also returns the context of a schedule that exists, if asked for.
--
-- A schedule does not record the format of its context, but a pickle and Java's JSON begin in their own
-- way, and only Go writes an empty time zone. Superjson may be from a client that found no traces.
with scope as (
  select
    coalesce(
      existing.application_name, -- if workflow_schedules.application_name
      input.application_name
    ) as owner,
    existing.context,
    input.schedule_name
  from json_to_recordset(:schedules::text::json)
    as input (schedule_name text, application_name text)
  left join :schema.workflow_schedules as existing using (schedule_name)
),
native as (
  select
    coalesce(
      application_name, -- if workflow_schedules.application_name
      null::text
    ) as application_name,
    case
      when context ~ '^gA[I-X]' then 'py_pickle'
      when context ~ '^(\{"@class"|\["[a-z]+(\.\w+)+",)' then 'java_jackson'
      when cron_timezone = '' then 'DBOS_JSON' -- if workflow_schedules.cron_timezone
    end as format
  from :schema.workflow_schedules
  -- if workflow_status.serialization
  union all
  select application_name, format
  from (
    select
      coalesce(
        application_name, -- if workflow_status.application_name
        null::text
      ) as application_name,
      serialization as format
    from :schema.workflow_status
    order by created_at desc
    limit 20000
  ) as newest
  where format in ('js_superjson', 'py_pickle', 'java_jackson', 'DBOS_JSON', 'DBOS_GOB')
  -- end
)
select
  schedule_name,
  context, -- if :load_context
  (
    select coalesce(json_agg(distinct format), '[]')::text
    from native
    where format is not null
      and coalesce(application_name = owner, true)
  ) as formats
from scope
