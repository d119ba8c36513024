-- send(after text, messages text, check_conflicts? int, count int) many
-- row: server_ms text, last_created_at text, position int?
--
-- Delivers `count` messages. Returns a row for the last one and for each whose destination does not
-- exist, with the time of the message, and with its position if the destination does not exist. A
-- message whose ID exists was delivered before: nothing is written, and its destination counts as found.
--
-- Without check_conflicts the statement looks for no conflicts. It is for messages with new IDs. An
-- ID that exists nevertheless is a unique violation.
--
-- The first releases for Python and Go had no unique index on the ID. It came before the column for
-- serialization formats, so in schemas without that column the statement looks for the ID itself.
--
-- The destinations are not locked here, which would need the right to update them: the foreign key locks
-- them, with the rights of their owner. A destination that is deleted while the statement runs is a
-- foreign key violation; sent again, the statement reports it as missing.
-- Workflows receive by created_at_epoch_ms, which enqueue.sql explains.
with clock as (
  select (extract(epoch from statement_timestamp()) * 1000)::bigint as server_ms
),
message as (
  select
    input.*,
    server_ms,
    least(
      coalesce(
        input.requested_at,
        greatest(server_ms, :after::text::bigint + 1) + input.ordinality - 1
      ),
      server_ms + 1000
    ) as created_at,
    destination.workflow_uuid is not null as has_destination
  from clock
  cross join rows from (
    json_to_recordset(:messages::text::json) as (
      message_id text,
      destination_id text,
      topic text,
      message text,
      serialization text,
      requested_at bigint
    )
  ) with ordinality as input
  left join lateral (
    select workflow_uuid
    from :schema.workflow_status
    where workflow_uuid = input.destination_id
    limit 1
  ) as destination on true
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
    message.message_id,
    message.destination_id,
    message.topic,
    message.serialization, -- if notifications.serialization
    message.created_at,
    message.message
  from message
  where message.has_destination
    -- if not notifications.serialization
    and not exists (
      select from :schema.notifications as other
      where other.destination_uuid = message.destination_id
        and other.message_uuid = message.message_id
    )
    and not exists (
      select from message as other
      where other.ordinality < message.ordinality
        and other.message_id = message.message_id
    )
    -- end
  on conflict do nothing -- if :check_conflicts
)
select
  server_ms::text,
  created_at::text as last_created_at,
  case when not has_destination then (ordinality - 1)::int end as position
from message
where not has_destination or ordinality = :count::int
