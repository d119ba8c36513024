-- find_events(targets text, max_bytes int, max_rows int) many
-- row: position int, serialization text?, value text, is_cut boolean
--
-- Returns the value of each event of a list, with its position in the list. An event that is not set
-- has no row.
--
-- There are at most `max_rows` rows, and none after those that have `max_bytes` together. If rows may
-- have been left out, `is_cut` of the last one is true; another call finds them.
with found as (
  select
    target.ordinality,
    event.serialization, -- if workflow_events.serialization
    event.value,
    octet_length(event.value) as bytes
  from rows from (
    json_to_recordset(:targets::text::json) as (workflow_id text, key text)
  ) with ordinality as target
  join :schema.workflow_events as event
    on event.workflow_uuid = target.workflow_id and event.key = target.key
),
counted as (
  select
    found.*,
    sum(bytes) over ordered as total_bytes,
    row_number() over ordered as number
  from found
  window ordered as (order by ordinality rows unbounded preceding)
)
select
  (ordinality - 1)::int as position,
  serialization, -- if workflow_events.serialization
  null::text as serialization, -- if not workflow_events.serialization
  value,
  total_bytes >= :max_bytes::int or number = :max_rows::int as is_cut
from counted
where total_bytes - bytes < :max_bytes::int
order by ordinality
limit :max_rows::int
