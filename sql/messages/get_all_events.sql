-- get_all_events(workflow_id text) many
-- row: key text, value text?, serialization text?
--
-- The latest values of all events of a workflow.
select
  event.key,
  event.value,
  coalesce(
    event.serialization, -- if workflow_events.serialization
    null::text
  ) as serialization
from :schema.workflow_events as event
where event.workflow_uuid = :workflow_id::text
order by event.key
