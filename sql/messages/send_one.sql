-- send_one(message_id text, destination_id text, topic text, serialization text, requested_at text,
--   message text) optional
-- row: server_ms text
--
-- Delivers a message with a new ID, as send.sql does, in four fifths of the server's time. There is no
-- row if there is no such destination. The foreign key would find that as well, but also a destination
-- that row-level security hides from the sender. To return a column would need the right to read it.
insert into :schema.notifications (
  message_uuid,
  destination_uuid,
  topic,
  serialization, -- if notifications.serialization
  created_at_epoch_ms,
  message
)
select
  :message_id::text,
  :destination_id::text,
  :topic::text,
  :serialization::text, -- if notifications.serialization
  least(
    :requested_at::text::bigint,
    (extract(epoch from statement_timestamp()) * 1000)::bigint + 1000
  ),
  :message::text
from :schema.workflow_status
where workflow_uuid = :destination_id::text
returning (extract(epoch from statement_timestamp()) * 1000)::bigint::text as server_ms
