-- find_outcomes(targets text, max_rows int) many
-- row: position int, workflow_id text, status text, value text?, error text?, serialization text?,
-- row: is_outdated boolean?, completed_at text
--
-- How each workflow of a list has ended, with its position in the list; no row for one that has not.
-- Of more than `max_rows` rows, some: those left out are found by asking for them again.
--
-- `limit 1` has each workflow looked up by its ID, even where the statistics are out of date.
--
-- `is_outdated` says that outcomes have a table by now that the statement was not made for.
select
  (targets.position - 1)::int as position,
  ws.workflow_uuid as workflow_id,
  ws.status,
  coalesce(
    wo.output, -- if workflow_output
    ws.output
  ) as value,
  coalesce(
    wo.error, -- if workflow_output
    ws.error
  ) as error,
  ws.serialization, -- if workflow_status.serialization
  -- if not workflow_output
  exists (
    select from pg_catalog.pg_class as here
    join pg_catalog.pg_class as beside using (relnamespace)
    where here.oid = ws.tableoid and beside.relname = 'workflow_output'
  ) as is_outdated,
  -- end
  coalesce(
    ws.completed_at, -- if workflow_status.completed_at
    ws.updated_at
  )::text as completed_at
from json_array_elements_text(:targets::text::json)
  with ordinality as targets (workflow_id, position)
cross join lateral (
  select
    workflow_uuid,
    output,
    error,
    serialization, -- if workflow_status.serialization
    tableoid, -- if not workflow_output
    completed_at, -- if workflow_status.completed_at
    updated_at,
    status
  from :schema.workflow_status
  where workflow_uuid = targets.workflow_id
  limit 1
) as ws
left join :schema.workflow_output as wo using (workflow_uuid) -- if workflow_output
where ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
limit :max_rows::int
