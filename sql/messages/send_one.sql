-- send_one(requested_at? text, after text, message_id text, destination_id text, topic text,
--   serialization text, message text, check_conflicts? int) one
-- row: server_ms text, last_created_at text
--
-- Delivers a message, as send.sql does, in half the server's time. A destination that does not exist is
-- a foreign key violation.
with message as (
  select
    server_ms,
    least(
      coalesce(
        :requested_at::text::bigint,
        greatest(server_ms, :after::text::bigint + 1)
      ),
      server_ms + 1000
    ) as created_at
  from (
    select (extract(epoch from statement_timestamp()) * 1000)::bigint as server_ms
  ) as clock
),
sent as (
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
    created_at,
    :message::text
  from message
  -- if not notifications.serialization
  where not exists (
    select from :schema.notifications as other
    where other.destination_uuid = :destination_id::text
      and other.message_uuid = :message_id::text
  )
  -- end
  on conflict do nothing -- if :check_conflicts
)
select
  server_ms::text,
  created_at::text as last_created_at
from message
