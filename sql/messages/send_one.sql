-- send_one(requested_at? text, after text, destination_id text, message_id text, topic text,
--   serialization text, message text, check_conflicts? int) one
-- row: server_ms text, last_created_at text, has_destination boolean
--
-- Delivers a message, as send.sql does, in four fifths of the server's time. The foreign key would find a missing
-- destination as well, but also one that row-level security hides from the sender.
with message as (
  select
    server_ms,
    least(
      coalesce(
        :requested_at::text::bigint,
        greatest(server_ms, :after::text::bigint + 1)
      ),
      server_ms + 1000
    ) as created_at,
    (
      select true
      from :schema.workflow_status
      where workflow_uuid = :destination_id::text
      limit 1
    ) is not null as has_destination
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
  where has_destination
  -- if not notifications.serialization
  and not exists (
    select from :schema.notifications as other
    where other.destination_uuid = :destination_id::text
      and other.message_uuid = :message_id::text
  )
  -- end
  on conflict do nothing -- if :check_conflicts
)
select
  server_ms::text,
  created_at::text as last_created_at,
  has_destination
from message
