-- send_to_forks(messages text, after text, check_conflicts? int) many
-- row: server_ms text?, last_created_at text?, position int?
--
-- Delivers messages as send.sql does, and each message also to all forks of its destination, to their
-- forks and so on. The IDs of these messages are made of its fork_prefix and the ID of the fork. If
-- the destination does not exist, no fork gets the message.
with recursive message as (
  select
    input.*,
    clock.server_ms
  from (
    select (extract(epoch from statement_timestamp()) * 1000)::bigint as server_ms
  ) as clock
  cross join rows from (
    json_to_recordset(:messages::text::json) as (
      message_id text,
      fork_prefix text,
      destination_id text,
      topic text,
      message text,
      serialization text,
      requested_at bigint
    )
  ) with ordinality as input
),
recipient as (
  select ordinality, destination_id as workflow_id
  from message
  -- if workflow_status.forked_from
  union
  select message.ordinality, fork.workflow_uuid
  from recipient
  join message on message.ordinality = recipient.ordinality and message.fork_prefix is not null
  join :schema.workflow_status as fork on fork.forked_from = recipient.workflow_id
  -- end
),
delivery as (
  select
    message.*,
    recipient.workflow_id,
    least(
      coalesce(
        message.requested_at,
        greatest(server_ms, :after::text::bigint + 1) + ordinality - 1
      ),
      server_ms + 1000
    ) as created_at
  from recipient
  join message using (ordinality)
),
destination as (
  select workflow_uuid
  from :schema.workflow_status
  where workflow_uuid in (select workflow_id from delivery)
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
    case
      when delivery.workflow_id = delivery.destination_id then delivery.message_id
      else delivery.fork_prefix || delivery.workflow_id
    end,
    delivery.workflow_id,
    delivery.topic,
    delivery.serialization, -- if notifications.serialization
    delivery.created_at,
    delivery.message
  from delivery
  join destination on destination.workflow_uuid = delivery.workflow_id
  where exists (
    select from destination where destination.workflow_uuid = delivery.destination_id
  )
  order by delivery.ordinality
  on conflict do nothing -- if :check_conflicts
)
select
  stamp.server_ms,
  stamp.last_created_at,
  (message.ordinality - 1)::int as position
from (
  select max(server_ms)::text as server_ms, max(created_at)::text as last_created_at
  from delivery
) as stamp
left join message on not exists (
  select from destination where destination.workflow_uuid = message.destination_id
)
