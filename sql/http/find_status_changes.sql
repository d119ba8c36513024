-- find_status_changes(targets text, max_rows int) many
-- row: position int, status text?
--
-- Returns the status of each workflow of a list that is not in the given one, with its position in the
-- list; null if it does not exist. There are at most `max_rows` rows; another call finds the ones left
-- out.
--
-- `limit 1` makes the planner look each workflow up by the ID, even with outdated statistics.
select
  (target.ordinality - 1)::int as position,
  ws.status
from rows from (
  json_to_recordset(:targets::text::json) as (workflow_id text, status text)
) with ordinality as target
left join lateral (
  select status
  from :schema.workflow_status
  where workflow_uuid = target.workflow_id
  limit 1
) as ws on true
where statement_timestamp() is not null
  and (ws.status is null or ws.status is distinct from target.status)
order by target.ordinality
limit :max_rows::int
