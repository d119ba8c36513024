-- find_traces() many
-- row: application_name text?, format text
-- needs workflow_schedules for schedules
--
-- Finds the native formats that workers have left in schedules and in the 20,000 newest workflows, with
-- the applications that these belong to.
--
-- A schedule does not record the format of its context, but a pickle and Java's JSON begin in their own
-- way, and only Go writes an empty time zone. Superjson may be from a client that found no traces.
select
  application_name,
  format
from (
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
  -- end
) as traces
where statement_timestamp() is not null
  and format in ('js_superjson', 'py_pickle', 'java_jackson', 'DBOS_JSON', 'DBOS_GOB')
group by application_name, format
