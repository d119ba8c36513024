-- find_events(targets text, max_bytes int, max_rows int) many
-- row: position int, serialization text?, is_cut boolean, value text
--
-- Returns the value of each event of a list, with its position in the list. An event that is not set
-- has no row.
--
-- There are at most `max_rows` rows, and none after those that have `max_bytes` together, which `is_cut`
-- of the last one says. Another call finds the ones left out.
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
  join :schema.workflow_events as event
    on event.workflow_uuid = target.workflow_id and event.key = target.key
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
