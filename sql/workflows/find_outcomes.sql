-- find_outcomes(targets text, separator text, max_rows int) many
-- row: position int, workflow_id text, status text, value text?, error text?, serialization text?,
-- row: is_outdated boolean, completed_at text
--
-- Returns how each workflow of a list ended, with its position in the list. A workflow that has not
-- ended has no row. There are at most `max_rows` rows; another call finds the ones left out.
--
-- `limit 1` makes the planner look each workflow up by its ID, even with outdated statistics.
select
  (target.ordinality - 1)::int as position,
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
  null::text as serialization, -- if not workflow_status.serialization
  to_regclass(:'schema' || '.workflow_output') is not null as is_outdated, -- if not workflow_output
  false as is_outdated, -- if workflow_output
  coalesce(
    ws.completed_at, -- if workflow_status.completed_at
    ws.updated_at
  )::text as completed_at
from unnest(string_to_array(:targets::text, :separator::text))
  with ordinality as target (workflow_id)
cross join lateral (
  select
    workflow_uuid,
    status,
    output,
    error,
    serialization, -- if workflow_status.serialization
    completed_at, -- if workflow_status.completed_at
    updated_at
  from :schema.workflow_status
  where workflow_uuid = target.workflow_id
  limit 1
) as ws
left join :schema.workflow_output as wo using (workflow_uuid) -- if workflow_output
where ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
limit :max_rows::int
