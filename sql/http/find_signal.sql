-- find_signal(message_id text, workflow_id text) optional
-- row: status text?, serialization text?, message text?
--
-- Returns the status of a workflow, and the message with an ID that was sent to it: null if there is none.
-- No row means that there is no such workflow.
select
  ws.status,
  sent.serialization, -- if notifications.serialization
  sent.message
from :schema.workflow_status as ws
left join lateral (
  select
    serialization, -- if notifications.serialization
    message
  from :schema.notifications
  where message_uuid = :message_id::text and destination_uuid = ws.workflow_uuid
  limit 1
) as sent on true
where statement_timestamp() is not null
  and ws.workflow_uuid = :workflow_id::text
