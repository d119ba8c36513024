// Generated from the .sql files of this folder by `deno task sql`. Do not edit.

import type { Statement } from "../statement.ts";

export const findEvent: Statement<{
  workflow_id: string;
  key: string;
}, {
  position: number;
  serialization: string | null;
  value: string;
}> = {
  name: "find_event",

  columns: "position int, serialization text if workflow_events.serialization, value text",
  hash: "x3AE6R-LSR3s5QSE",
  sql: `
select
0 as position,
serialization, -- if workflow_events.serialization
value
from :schema.workflow_events
where statement_timestamp() is not null
and workflow_uuid = :workflow_id::text
and key = :key::text
limit 1`,
};

export const findEventChanges: Statement<{
  targets: string;
  max_bytes: number;
  max_rows: number;
}, {
  position: number;
  has_ended: boolean | null;
  key: string | null;
  version: string | null;
  serialization: string | null;
  value: string | null;
  is_cut: boolean;
}> = {
  name: "find_event_changes",

  columns:
    "position int, has_ended boolean, key text, version text, serialization text, value text, is_cut boolean",
  hash: "gPkyIcMThDLWwT6C",
  sql: `
with target as (
select target.*
from rows from (
json_to_recordset(:targets::text::json) as (workflow_id text, versions jsonb)
) with ordinality as target
),
found as (
select
target.ordinality,
ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED') as has_ended,
event.key,
event.version,
event.serialization,
event.value,
coalesce(octet_length(event.value), 0) as bytes
from target
left join :schema.workflow_status as ws on ws.workflow_uuid = target.workflow_id
left join lateral (
select
key,
xmin::text as version,
coalesce(
serialization, -- if workflow_events.serialization
null::text
) as serialization,
value
from :schema.workflow_events
where workflow_uuid = target.workflow_id
and xmin::text is distinct from target.versions ->> key
order by key
) as event on true
),
counted as (
select
found.*,
sum(bytes) over ordered as total_bytes,
row_number() over ordered as number
from found
where key is not null
or has_ended
or (has_ended is null and not pg_is_in_recovery())
window ordered as (order by ordinality, key rows unbounded preceding)
)
select
(ordinality - 1)::int as position,
has_ended,
key,
version,
serialization,
value,
total_bytes >= :max_bytes::int or number = :max_rows::int as is_cut
from counted
where statement_timestamp() is not null
and total_bytes - bytes < :max_bytes::int
order by ordinality, key
limit :max_rows::int`,
};

export const findEvents: Statement<{
  targets: string;
  max_bytes: number;
  max_rows: number;
}, {
  position: number;
  serialization: string | null;
  is_cut: boolean;
  value: string;
}> = {
  name: "find_events",

  columns:
    "position int, serialization text if workflow_events.serialization, is_cut boolean, value text",
  hash: "iZp2_Syj6hsHBuaB",
  sql: `
with found as (
select
target.ordinality,
event.serialization, -- if workflow_events.serialization
sum(octet_length(event.value)) over (order by target.ordinality rows unbounded preceding)
as total_bytes,
event.value
from rows from (
json_to_recordset(:targets::text::json) as (workflow_id text, key text)
) with ordinality as target
cross join lateral (
select
serialization, -- if workflow_events.serialization
value
from :schema.workflow_events
where workflow_uuid = target.workflow_id and key = target.key
limit 1
) as event
)
select
(ordinality - 1)::int as position,
serialization, -- if workflow_events.serialization
total_bytes >= :max_bytes::int as is_cut,
value
from found
where total_bytes < :max_bytes::int + octet_length(value)
order by ordinality
limit :max_rows::int`,
};

export const findStreamEnds: Statement<{
  targets: string;
  max_rows: number;
}, {
  position: number;
  last_offset: number | null;
  last_serialization: string | null;
  last_value: string | null;
}> = {
  name: "find_stream_ends",
  needs: { columns: ["streams"], feature: "streams" },
  columns:
    "position int, last_offset int, last_serialization text if streams.serialization, last_value text",
  hash: "bMYkqVsydp_Zemtc",
  sql: `
select
(target.ordinality - 1)::int as position,
last."offset" as last_offset,
last.serialization as last_serialization, -- if streams.serialization
case when octet_length(last.value) < 1000 then last.value end as last_value
from rows from (
json_to_recordset(:targets::text::json) as (workflow_id text, key text)
) with ordinality as target
left join lateral (
select
stream."offset",
stream.serialization, -- if streams.serialization
stream.value
from :schema.streams as stream
where stream.workflow_uuid = target.workflow_id and stream.key = target.key
order by stream."offset" desc
limit 1
) as last on true
where statement_timestamp() is not null
order by target.ordinality
limit :max_rows::int`,
};

export const findStreamValues: Statement<{
  targets: string;
  max_bytes: number;
  max_rows: number;
}, {
  position: number;
  status: string | null;
  value: string | null;
  serialization: string | null;
  is_cut: boolean;
}> = {
  name: "find_stream_values",
  needs: { columns: ["streams"], feature: "streams" },
  columns: "position int, status text, value text, serialization text, is_cut boolean",
  hash: "YssTN93jHp2iatgp",
  sql: `
with target as (
select target.*
from rows from (
json_to_recordset(:targets::text::json)
as (workflow_id text, key text, "offset" bigint, max_values bigint)
) with ordinality as target
),
found as (
select
target.ordinality,
ws.status,
following.value,
following.serialization,
following."offset",
coalesce(octet_length(following.value), 0) as bytes
from target
left join :schema.workflow_status as ws on ws.workflow_uuid = target.workflow_id
left join lateral (
select
stream.value,
coalesce(
stream.serialization, -- if streams.serialization
null::text
) as serialization,
stream."offset",
target."offset" - 1 + row_number() over (order by stream."offset") as expected
from :schema.streams as stream
where stream.workflow_uuid = target.workflow_id
and stream.key = target.key
and stream."offset" >= target."offset"
and stream."offset" < target."offset" + target.max_values
) as following on following."offset" = following.expected
where following.value is not null
or (ws.status is null and not pg_is_in_recovery())
or ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
),
counted as (
select
found.*,
sum(bytes) over ordered as total_bytes,
row_number() over ordered as number
from found
window ordered as (order by ordinality, "offset" rows unbounded preceding)
)
select
(ordinality - 1)::int as position,
status,
value,
serialization,
total_bytes >= :max_bytes::int or number = :max_rows::int as is_cut
from counted
where total_bytes - bytes < :max_bytes::int
order by ordinality, "offset"
limit :max_rows::int`,
};

export const getAllEvents: Statement<{
  workflow_id: string;
}, {
  key: string;
  serialization: string | null;
  value: string | null;
}> = {
  name: "get_all_events",

  columns: "key text, serialization text if workflow_events.serialization, value text",
  hash: "iGmG-vepoNwQo6sd",
  sql: `
select
event.key,
event.serialization, -- if workflow_events.serialization
event.value
from :schema.workflow_events as event
where statement_timestamp() is not null
and event.workflow_uuid = :workflow_id::text
order by event.key`,
};

export const getAllNotifications: Statement<{
  workflow_id: string;
  after_time?: string | undefined;
  after_id?: string | undefined;
  max_rows: number;
  max_bytes: number;
}, {
  message_id: string;
  created_at: string;
  topic: string | null;
  consumed: boolean;
  serialization: string | null;
  message: string;
  is_cut: boolean;
}> = {
  name: "get_all_notifications",

  columns:
    "message_id text, created_at text, topic text, consumed boolean, serialization text, message text, is_cut boolean",
  hash: "55pEg8tttjSUcKYv",
  sql: `
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
order by created_at_epoch_ms, message_uuid`,
};

export const getAllStreamEntries: Statement<{
  workflow_id: string;
  after_key?: string | undefined;
  after_offset?: number | undefined;
  max_rows: number;
  max_bytes: number;
}, {
  key: string;
  entry_offset: number;
  serialization: string | null;
  value: string;
  is_cut: boolean;
}> = {
  name: "get_all_stream_entries",
  needs: { columns: ["streams"], feature: "streams" },
  columns: "key text, entry_offset int, serialization text, value text, is_cut boolean",
  hash: "iQXcMt0BqZXBWvMe",
  sql: `
with found as (
select
key,
"offset" as entry_offset,
coalesce(
serialization, -- if streams.serialization
null::text
) as serialization,
value
from :schema.streams
where workflow_uuid = :workflow_id::text
and (key, "offset") > (:after_key::text, :after_offset::int)
order by key, "offset"
limit :max_rows::int
),
counted as (
select
found.*,
octet_length(value) as bytes,
sum(octet_length(value)) over ordered as total_bytes,
row_number() over ordered as number
from found
window ordered as (order by key, entry_offset rows unbounded preceding)
)
select
key,
entry_offset,
serialization,
value,
total_bytes >= :max_bytes::int or number = :max_rows::int as is_cut
from counted
where statement_timestamp() is not null
and total_bytes - bytes < :max_bytes::int
order by key, entry_offset`,
};

export const send: Statement<{
  after: string;
  messages: string;
  check_conflicts?: number | undefined;
  count: number;
}, {
  server_ms: string;
  last_created_at: string;
  position: number | null;
}> = {
  name: "send",

  columns: "server_ms text, last_created_at text, position int",
  hash: "XrEwd2dmJEhSSs5y",
  sql: `
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
where not has_destination or ordinality = :count::int`,
};

export const sendOne: Statement<{
  message_id: string;
  destination_id: string;
  topic: string;
  serialization: string;
  requested_at: string;
  message: string;
}, {
  server_ms: string;
}> = {
  name: "send_one",

  columns: "server_ms text",
  hash: "QpM52nqPzPqcYoJh",
  sql: `
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
returning (extract(epoch from statement_timestamp()) * 1000)::bigint::text as server_ms`,
};

export const sendToForks: Statement<{
  messages: string;
  after: string;
  check_conflicts?: number | undefined;
}, {
  server_ms: string | null;
  last_created_at: string | null;
  position: number | null;
}> = {
  name: "send_to_forks",

  columns: "server_ms text, last_created_at text, position int",
  hash: "gbJYsvzZVJJeqNR1",
  sql: `
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
)`,
};
