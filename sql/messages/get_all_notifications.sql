-- get_all_notifications(workflow_id text, after_time? text, after_id? text, max_rows int,
--   max_bytes int) many
-- row: message_id text, created_at text, topic text?, consumed boolean, serialization text?,
-- row: message text, is_cut boolean
--
-- Returns the messages that were sent to a workflow, in the order in which it receives those of one
-- topic; of a page, those that follow a message. Before there was a column for it, workflows deleted a
-- message as they received it.
--
-- There are at most `max_rows` rows, and none after those that have `max_bytes` together. If rows may have
-- been left out, `is_cut` of the last one is true.
with found as (
  select
    message_uuid,
    created_at_epoch_ms,
    topic,
    coalesce(
      consumed, -- if notifications.consumed
      false
    ) as consumed,
    coalesce(
      serialization, -- if notifications.serialization
      null::text
    ) as serialization,
    message
  from :schema.notifications
  where destination_uuid = :workflow_id::text
    and (created_at_epoch_ms, message_uuid) > (:after_time::text::bigint, :after_id::text)
  order by created_at_epoch_ms, message_uuid
  limit :max_rows::int
),
counted as (
  select
    found.*,
    octet_length(message) as bytes,
    sum(octet_length(message)) over ordered as total_bytes,
    row_number() over ordered as number
  from found
  window ordered as (order by created_at_epoch_ms, message_uuid rows unbounded preceding)
)
select
  message_uuid as message_id,
  created_at_epoch_ms::text as created_at,
  topic,
  consumed,
  serialization,
  message,
  total_bytes >= :max_bytes::int or number = :max_rows::int as is_cut
from counted
where statement_timestamp() is not null
  and total_bytes - bytes < :max_bytes::int
order by created_at_epoch_ms, message_uuid
