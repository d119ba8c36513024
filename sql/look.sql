-- look(workflow_ids text, events text) many
-- row: kind text, workflow_id text, key text?, status text?, value text?, error text?,
-- row: serialization text?
--
-- What has come of all that a client waits for: the outcome of each of the workflows that has ended,
-- and each of the events that has been set.
select
  'outcome' as kind,
  ws.workflow_uuid as workflow_id,
  null::text as key,
  ws.status,
  coalesce(
    wo.output, -- workflow_output
    ws.output
  ) as value,
  coalesce(
    wo.error, -- workflow_output
    ws.error
  ) as error,
  coalesce(
    ws.serialization, -- workflow_status.serialization
    null::text
  ) as serialization
from :schema.workflow_status as ws
left join :schema.workflow_output as wo using (workflow_uuid) -- workflow_output
where ws.workflow_uuid in (select json_array_elements_text(:workflow_ids::text::json))
  and ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
union all
select
  'event',
  event.workflow_uuid,
  event.key,
  null,
  event.value,
  null,
  coalesce(
    event.serialization, -- workflow_events.serialization
    null::text
  )
from json_to_recordset(:events::text::json) as wanted (workflow_id text, key text)
join :schema.workflow_events as event
  on event.workflow_uuid = wanted.workflow_id and event.key = wanted.key
