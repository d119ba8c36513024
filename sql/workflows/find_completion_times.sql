-- find_completion_times(targets text, separator text, max_rows int) many
-- row: position int, workflow_id text, completed_at text
--
-- Returns when each workflow of a list ended, with its position in the list. A workflow that has not
-- ended has no row. There are at most `max_rows` rows; another call finds the ones left out.
--
-- `limit 1` makes the planner look each workflow up by its ID, even with outdated statistics.
select
  (target.ordinality - 1)::int as position,
  ws.workflow_uuid as workflow_id,
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
    completed_at, -- if workflow_status.completed_at
    updated_at
  from :schema.workflow_status
  where workflow_uuid = target.workflow_id
  limit 1
) as ws
where statement_timestamp() is not null
  and ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
limit :max_rows::int
