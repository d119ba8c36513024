-- find_events(targets text, max_rows int) many
-- row: position int, serialization text?, value text
--
-- Returns the value of each event of a list, with its position in the list. An event that is not set
-- has no row. There are at most `max_rows` rows; another call finds the ones left out.
select
  (target.ordinality - 1)::int as position,
  event.serialization, -- if workflow_events.serialization
  null::text as serialization, -- if not workflow_events.serialization
  event.value
from rows from (
  json_to_recordset(:targets::text::json) as (workflow_id text, key text)
) with ordinality as target
join :schema.workflow_events as event
  on event.workflow_uuid = target.workflow_id and event.key = target.key
limit :max_rows::int
