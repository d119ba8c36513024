-- receive_message(function_id int, workflow_id text, topic text) optional
-- row: message text, serialization text?
--
-- Receives the oldest message of a topic that a workflow has not received.
update :schema.notifications
set consumed = true, consumed_by_function_id = :function_id::int
where message_uuid = (
  select message_uuid
  from :schema.notifications
  where destination_uuid = :workflow_id::text and topic = :topic::text and not consumed
  order by created_at_epoch_ms, message_uuid
  limit 1
)
returning
  message,
  serialization
