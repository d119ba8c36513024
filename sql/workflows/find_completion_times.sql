-- find_completion_times(targets text, separator text, max_rows int) many
-- row: position int, workflow_id text, completed_at text, is_cut boolean
--
-- Returns when each workflow of a list ended, with its position in the list. A workflow that has not
-- ended has no row. There are at most `max_rows` rows. If rows may have been left out, `is_cut` of the
-- last one is true; another call finds them.
--
-- `limit 1` makes the planner look each workflow up by its ID, even with outdated statistics.
with found as (
  select
    target.ordinality,
    ws.workflow_uuid,
    coalesce(
      ws.completed_at, -- if workflow_status.completed_at
      ws.updated_at
    ) as completed_at
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
  where ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
)
select
  (ordinality - 1)::int as position,
  workflow_uuid as workflow_id,
  completed_at::text,
  row_number() over (order by ordinality) = :max_rows::int as is_cut
from found
where statement_timestamp() is not null
order by ordinality
limit :max_rows::int
