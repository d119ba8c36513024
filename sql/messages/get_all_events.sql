-- get_all_events(workflow_id text) many
-- row: key text, serialization text?, value text?
--
-- Returns the latest values of all events of a workflow.
select
  event.key,
  event.serialization, -- if workflow_events.serialization
  event.value
from :schema.workflow_events as event
where statement_timestamp() is not null
  and event.workflow_uuid = :workflow_id::text
order by event.key
