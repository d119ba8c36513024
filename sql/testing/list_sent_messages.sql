-- list_sent_messages() many
-- row: message_id text, destination_id text, topic text?, created_at text, consumed boolean,
-- row: serialization text?, message text
--
-- Returns the messages to all workflows, in the order in which they were sent.
select
  message_uuid as message_id,
  destination_uuid as destination_id,
  topic,
  created_at_epoch_ms::text as created_at,
  consumed,
  serialization,
  message
from :schema.notifications
where statement_timestamp() is not null
order by created_at_epoch_ms, message_uuid
