-- send(after text, backlog int, messages text) many
-- row: last_created_at text, position int?
--
-- Delivers messages, and returns a row for each whose destination does not exist, or one without a
-- position where all do. A message whose ID is there already was delivered before: nothing is
-- written, and its destination counts as found.
--
-- The first releases for Python and Go had no unique index on the ID, which came before the column
-- for serialization formats: there it is looked for first.
--
-- The destinations are locked as the foreign key would lock them, so that one that is deleted
-- meanwhile is reported as missing and does not abort the caller's transaction. Workflows receive
-- by created_at_epoch_ms, so the messages of one statement get increasing values; for `after` and
-- `backlog` see enqueue.sql.
with message as (
  select
    input.*,
    least(greatest(now_ms, :after::text::bigint + 1) + :backlog::int, now_ms + 1000)
      + input.position as created_at
  from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as now_ms) as clock
  cross join json_to_recordset(:messages::text::json) as input (
    position int,
    message_id text,
    destination_id text,
    topic text,
    message text,
    serialization text
  )
),
destination as (
  select workflow_uuid
  from :schema.workflow_status
  where workflow_uuid in (select destination_id from message)
  for key share
),
sent as (
  insert into :schema.notifications (
    message_uuid,
    destination_uuid,
    topic,
    serialization, -- notifications.serialization
    created_at_epoch_ms,
    message
  )
  select
    message.message_id,
    message.destination_id,
    message.topic,
    message.serialization, -- notifications.serialization
    message.created_at,
    message.message
  from message
  join destination on destination.workflow_uuid = message.destination_id
  where not exists ( -- not notifications.serialization
    select from :schema.notifications as other -- not notifications.serialization
    where other.destination_uuid = message.destination_id -- not notifications.serialization
      and other.message_uuid = message.message_id -- not notifications.serialization
  ) -- not notifications.serialization
  and not exists ( -- not notifications.serialization
    select from message as other -- not notifications.serialization
    where other.position < message.position -- not notifications.serialization
      and other.message_id = message.message_id -- not notifications.serialization
  ) -- not notifications.serialization
  order by message.position
  on conflict do nothing
)
select
  stamp.last_created_at,
  message.position
from (select max(created_at)::text as last_created_at from message) as stamp
left join message on not exists (
  select from destination where destination.workflow_uuid = message.destination_id
)
