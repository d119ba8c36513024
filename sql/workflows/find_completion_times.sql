-- find_completion_times(targets text, max_rows int) many
-- row: position int, workflow_id text, completed_at text
--
-- When each workflow of a list has ended, with its position in the list; no row for one that has not.
-- Of more than `max_rows` rows, some: those left out are found by asking for them again.
--
-- `limit 1` has each workflow looked up by its ID, even where the statistics are out of date.
select
  (targets.position - 1)::int as position,
  ws.workflow_uuid as workflow_id,
  coalesce(
    ws.completed_at, -- if workflow_status.completed_at
    ws.updated_at
  )::text as completed_at
from json_array_elements_text(:targets::text::json)
  with ordinality as targets (workflow_id, position)
cross join lateral (
  select
    workflow_uuid,
    completed_at, -- if workflow_status.completed_at
    updated_at,
    status
  from :schema.workflow_status
  where workflow_uuid = targets.workflow_id
  limit 1
) as ws
where ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
limit :max_rows::int
