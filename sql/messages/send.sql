-- send(after text, backlog int, messages text, check_conflicts? int) many
-- row: last_created_at text?, position int?
--
-- Delivers messages; returns a row with the time of the last one, and then a row with the position
-- of each whose destination does not exist. A message whose ID is there already was delivered
-- before: nothing is written, and its destination counts as found.
--
-- Without check_conflicts nothing is looked for, which is for messages whose IDs are new. An ID that is there
-- all the same is a unique violation.
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
      + input.position as created_at,
    destination.workflow_uuid is not null as has_destination
  from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as now_ms) as clock
  cross join json_to_recordset(:messages::text::json) as input (
    position int,
    message_id text,
    destination_id text,
    topic text,
    message text,
    serialization text
  )
  left join lateral (
    select workflow_uuid
    from :schema.workflow_status
    where workflow_uuid = input.destination_id
    for key share
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
      where other.position < message.position
        and other.message_id = message.message_id
    )
    -- end
  order by message.position
  on conflict do nothing -- if :check_conflicts
)
select max(created_at)::text as last_created_at, null::int as position
from message
union all
select null, position
from message
where not has_destination
