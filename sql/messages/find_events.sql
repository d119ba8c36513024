-- find_events(targets text, max_rows int) many
-- row: position int, value text, serialization text?
--
-- The value of each event of a list, with its position in the list; no row for one that is not set.
-- Of more than `max_rows` rows, some: those left out are found by asking for them again.
select
  (targets.position - 1)::int as position,
  event.serialization, -- if workflow_events.serialization
  event.value
from rows from (
  json_to_recordset(:targets::text::json) as (workflow_id text, key text)
) with ordinality as targets (workflow_id, key, position)
join :schema.workflow_events as event
  on event.workflow_uuid = targets.workflow_id and event.key = targets.key
limit :max_rows::int
