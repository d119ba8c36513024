-- set_event(workflow_id text, key text, value text, serialization text?, function_id int) none
--
-- Sets an event of a workflow, if that exists, and notifies of it.
with workflow as (
  select workflow_uuid
  from :schema.workflow_status
  where workflow_uuid = :workflow_id::text
),
latest as (
  insert into :schema.workflow_events (workflow_uuid, key, value, serialization)
  select workflow_uuid, :key::text, :value::text, :serialization::text
  from workflow
  on conflict (workflow_uuid, key) do update
  set value = excluded.value, serialization = excluded.serialization
),
history as (
  insert into :schema.workflow_events_history (
    workflow_uuid,
    key,
    value,
    serialization,
    function_id
  )
  select workflow_uuid, :key::text, :value::text, :serialization::text, :function_id::int
  from workflow
  on conflict (workflow_uuid, function_id, key) do update
  set value = excluded.value, serialization = excluded.serialization
)
select
from workflow
cross join pg_notify('dbos_workflow_events_channel', concat(workflow_uuid, '::', :key::text))
