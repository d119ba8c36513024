-- find_events(targets text, max_bytes int, max_rows int) many
-- row: position int, serialization text?, is_cut boolean, value text
--
-- Returns the value of each event of a list, with its position in the list. An event that is not set
-- has no row.
--
-- There are at most `max_rows` rows, and none after those that have `max_bytes` together, which `is_cut`
-- of the last one says. Another call finds the ones left out.
--
-- `limit 1` makes the planner look each event up, even in a table of a few thousand rows.
with found as (
  select
    target.ordinality,
    event.serialization, -- if workflow_events.serialization
    sum(octet_length(event.value)) over (order by target.ordinality rows unbounded preceding)
      as total_bytes,
    event.value
  from rows from (
    json_to_recordset(:targets::text::json) as (workflow_id text, key text)
  ) with ordinality as target
  cross join lateral (
    select
      serialization, -- if workflow_events.serialization
      value
    from :schema.workflow_events
    where workflow_uuid = target.workflow_id and key = target.key
    limit 1
  ) as event
)
select
  (ordinality - 1)::int as position,
  serialization, -- if workflow_events.serialization
  total_bytes >= :max_bytes::int as is_cut,
  value
from found
where total_bytes < :max_bytes::int + octet_length(value)
order by ordinality
limit :max_rows::int
