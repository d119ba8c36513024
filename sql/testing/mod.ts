// Generated from the .sql files of this folder by `deno task sql`. Do not edit.

import type { Statement } from "../statement.ts";

export const claimWorkflows: Statement<{
  executor_id: string;
  names: string;
  separator: string;
  application_name?: string | undefined;
  application_version?: string | undefined;
  queue_names?: string | undefined;
  default_version: string;
}, {
  workflow_id: string;
  owner_xid: string;
  name: string;
  class_name: string | null;
  queue_name: string;
  application_version: string | null;
  authenticated_user: string | null;
  assumed_role: string | null;
  authenticated_roles: string | null;
  serialization: string | null;
  inputs: string | null;
}> = {
  name: "claim_workflows",

  columns:
    "workflow_id text, owner_xid text, name text, class_name text, queue_name text, application_version text, authenticated_user text, assumed_role text, authenticated_roles text, serialization text, inputs text",
  hash: "1Bcq6R5d9C6VHsfo",
  sql: `
with present as (
select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms
),
active as (
select
queue_name,
queue_partition_key,
status = 'PENDING' as is_running,
status = 'PENDING' and executor_id = :executor_id::text as is_own,
case when rate_limited then started_at_epoch_ms end as started_at
from :schema.workflow_status
where queue_name is not null
and status not in ('ENQUEUED', 'DELAYED')
and (status = 'PENDING' or rate_limited)
),
queue_room as (
select
queue.name,
least(
queue.concurrency - count(*) filter (where is_running),
queue.worker_concurrency - count(*) filter (where is_own),
queue.rate_limit_max
- count(*) filter (where started_at > ms - queue.rate_limit_period_sec * 1000)
) as room
from :schema.queues as queue
cross join present
left join active on active.queue_name = queue.name
group by queue.queue_id, ms
),
partition_room as (
select
queue.name,
queue_partition_key,
least(
queue.partition_concurrency - count(*) filter (where is_running),
queue.partition_worker_concurrency - count(*) filter (where is_own),
queue.partition_rate_limit_max
- count(*) filter (where started_at > ms - queue.partition_rate_limit_period_sec * 1000)
) as room
from :schema.queues as queue
cross join present
join active on active.queue_name = queue.name
group by queue.queue_id, ms, queue_partition_key
),
enqueued as (
select
ws.workflow_uuid,
ws.queue_name,
ws.queue_partition_key,
ws.priority,
ws.created_at,
coalesce(queue.rate_limit_max, queue.partition_rate_limit_max) is not null as rate_limited,
coalesce(
partition_room.room,
least(
queue.partition_concurrency,
queue.partition_worker_concurrency,
queue.partition_rate_limit_max
)
) as room
from :schema.workflow_status as ws
left join :schema.queues as queue on queue.name = ws.queue_name
left join partition_room
on partition_room.name = ws.queue_name
and partition_room.queue_partition_key = ws.queue_partition_key
where ws.status = 'ENQUEUED'
and concat(nullif(ws.class_name, '') || '.', ws.name)
= any(string_to_array(:names::text, :separator::text))
and (ws.application_name is null or ws.application_name = :application_name::text)
and (ws.application_version is null or ws.application_version = :application_version::text)
and ws.queue_name = any(string_to_array(:queue_names::text, :separator::text))
and (
ws.queue_partition_key is not null
or num_nulls(
queue.partition_concurrency,
queue.partition_worker_concurrency,
queue.partition_rate_limit_max
) = 3 and queue.partition_queue is not true
)
),
allowed_in_partition as (
select
enqueued.*,
row_number() over (
partition by queue_name, queue_partition_key
order by priority, created_at
) as position
from enqueued
),
allowed as (
select
allowed_in_partition.*,
queue_room.room as queue_room,
row_number() over (partition by queue_name order by priority, created_at) as queue_position
from allowed_in_partition
left join queue_room on queue_room.name = queue_name
where (position > allowed_in_partition.room) is not true
),
claimed as (
update :schema.workflow_status as ws
set
status = 'PENDING',
owner_xid = gen_random_uuid()::text,
executor_id = :executor_id::text,
application_version = coalesce(ws.application_version, :default_version::text),
application_name = coalesce(ws.application_name, :application_name::text),
started_at_epoch_ms = ms,
updated_at = ms,
rate_limited = allowed.rate_limited,
recovery_attempts = ws.recovery_attempts + 1,
workflow_deadline_epoch_ms = coalesce(
ws.workflow_deadline_epoch_ms,
ms + ws.workflow_timeout_ms
)
from allowed
cross join present
where (queue_position > queue_room) is not true
and ws.workflow_uuid = allowed.workflow_uuid
and ws.status = 'ENQUEUED'
returning ws.*
)
select
claimed.workflow_uuid as workflow_id,
claimed.owner_xid,
claimed.name,
claimed.class_name::text,
claimed.queue_name,
claimed.application_version,
claimed.authenticated_user,
claimed.assumed_role,
claimed.authenticated_roles,
claimed.serialization,
coalesce(payload.inputs, claimed.inputs) as inputs
from claimed
left join :schema.workflow_input as payload on payload.workflow_uuid = claimed.workflow_uuid
order by claimed.priority, claimed.created_at`,
};

export const completeWorkflow: Statement<{
  status: string;
  workflow_id: string;
  owner_xid?: string | undefined;
  output: string | null;
  error: string | null;
}, {
  completed: number;
}> = {
  name: "complete_workflow",

  columns: "completed int",
  hash: "ZZRDwnnyX7Wplcco",
  sql: `
with completed as (
update :schema.workflow_status
set
status = :status::text,
owner_xid = null,
deduplication_id = null,
completed_at = present.ms,
updated_at = present.ms
from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present
where workflow_uuid = :workflow_id::text
and status in ('ENQUEUED', 'DELAYED', 'PENDING')
and owner_xid = :owner_xid::text
returning workflow_uuid
),
payload as (
insert into :schema.workflow_output (workflow_uuid, output, error)
select workflow_uuid, :output::text, :error::text
from completed
on conflict (workflow_uuid) do update set output = excluded.output, error = excluded.error
)
select count(*)::int as completed
from completed`,
};

export const createNotificationFunction: Statement<Record<never, never>, Record<never, never>> = {
  name: "create_notification_function",

  hash: "Ndk7b1GP-8j5oigq",
  sql: `
create function :schema.notifications_function() returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
begin
perform pg_notify('dbos_notifications_channel', concat(new.destination_uuid, '::', new.topic));
return new;
end
$$`,
};

export const createNotificationTrigger: Statement<Record<never, never>, Record<never, never>> = {
  name: "create_notification_trigger",

  hash: "qCZZSLzriY-vN-Vp",
  sql: `
create trigger dbos_notifications_trigger
after insert on :schema.notifications
for each row
execute function :schema.notifications_function()`,
};

export const createTables: Statement<Record<never, never>, Record<never, never>> = {
  name: "create_tables",

  hash: "OXaINW5d1HoB9RPb",
  sql: `
create schema :schema
create table workflow_status (
workflow_uuid text not null primary key,
status text,
name text,
authenticated_user text,
assumed_role text,
authenticated_roles text,
request text,
output text,
error text,
executor_id text,
created_at bigint not null default (extract(epoch from now()) * 1000.0)::bigint,
updated_at bigint not null default (extract(epoch from now()) * 1000.0)::bigint,
application_version text,
application_id text,
class_name varchar(255) default null,
config_name varchar(255) default null,
recovery_attempts bigint default 0,
queue_name text,
workflow_timeout_ms bigint,
workflow_deadline_epoch_ms bigint,
inputs text,
started_at_epoch_ms bigint,
deduplication_id text,
priority int not null default 0,
queue_partition_key text,
forked_from text,
owner_xid text,
parent_workflow_id text,
serialization text,
delay_until_epoch_ms bigint,
was_forked_from boolean not null default false,
rate_limited boolean not null default false,
completed_at bigint,
attributes jsonb,
schedule_name text,
debounce_deadline_epoch_ms bigint,
is_debounced boolean not null default false,
application_name text,
creator_xid text
)
create index workflow_status_created_at_index on workflow_status (created_at)
create index idx_workflow_status_attributes on workflow_status using gin (attributes)
where attributes is not null
create index idx_workflow_status_completed_at on workflow_status (completed_at)
where completed_at is not null
create index idx_workflow_status_deadline on workflow_status (workflow_deadline_epoch_ms)
where status in ('ENQUEUED', 'PENDING', 'DELAYED') and workflow_deadline_epoch_ms is not null
create index idx_workflow_status_delayed on workflow_status (delay_until_epoch_ms)
where status = 'DELAYED'
create index idx_workflow_status_failed on workflow_status (status, created_at)
where status in ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
create index idx_workflow_status_forked_from on workflow_status (forked_from)
where forked_from is not null
create index idx_workflow_status_in_flight_v2
on workflow_status (queue_name, status, priority, created_at) include (application_name)
where status in ('ENQUEUED', 'PENDING')
create index idx_workflow_status_parent_workflow_id on workflow_status (parent_workflow_id)
where parent_workflow_id is not null
create index idx_workflow_status_partition_dequeue_v3
on workflow_status (
queue_name, status, queue_partition_key, priority, created_at, workflow_uuid
) include (application_name)
where status in ('ENQUEUED', 'PENDING') and queue_partition_key is not null
create index idx_workflow_status_pending on workflow_status (created_at)
where status = 'PENDING'
create index idx_workflow_status_rate_limited on workflow_status (queue_name, started_at_epoch_ms)
where rate_limited = true
create index idx_workflow_status_schedule_name on workflow_status (schedule_name)
where schedule_name is not null
create index idx_workflow_status_started_at on workflow_status (started_at_epoch_ms)
where started_at_epoch_ms is not null
create unique index uq_workflow_status_dedup_id on workflow_status (queue_name, deduplication_id)
where deduplication_id is not null
create table workflow_input (
workflow_uuid text not null primary key,
inputs text,
retention_timestamp bigint not null default (extract(epoch from now()) * 1000.0)::bigint
)
create index idx_workflow_input_retention on workflow_input (retention_timestamp)
create table workflow_output (
workflow_uuid text not null primary key,
output text,
error text,
retention_timestamp bigint not null default (extract(epoch from now()) * 1000.0)::bigint
)
create index idx_workflow_output_retention on workflow_output (retention_timestamp)
create table operation_outputs (
workflow_uuid text not null,
function_id int not null,
function_name text not null default '',
output text,
error text,
child_workflow_id text,
started_at_epoch_ms bigint,
completed_at_epoch_ms bigint,
serialization text,
application_name text,
retention_timestamp bigint not null default (extract(epoch from now()) * 1000.0)::bigint,
primary key (workflow_uuid, function_id)
)
create index idx_operation_outputs_completed_at_function_name_v2
on operation_outputs (completed_at_epoch_ms, function_name) include (application_name)
create index idx_operation_outputs_retention on operation_outputs (retention_timestamp)
create table notifications (
message_uuid text not null default gen_random_uuid() primary key,
destination_uuid text not null
references workflow_status (workflow_uuid) on update cascade on delete cascade,
topic text,
message text not null,
created_at_epoch_ms bigint not null default (extract(epoch from now()) * 1000.0)::bigint,
serialization text,
consumed boolean not null default false,
consumed_by_function_id int
)
create index idx_workflow_topic on notifications (destination_uuid, topic)
create table workflow_events (
workflow_uuid text not null
references workflow_status (workflow_uuid) on update cascade on delete cascade,
key text not null,
value text not null,
serialization text,
primary key (workflow_uuid, key)
)
create table workflow_events_history (
workflow_uuid text not null
references workflow_status (workflow_uuid) on update cascade on delete cascade,
function_id int not null,
key text not null,
value text not null,
serialization text,
primary key (workflow_uuid, function_id, key)
)
create table streams (
workflow_uuid text not null
references workflow_status (workflow_uuid) on update cascade on delete cascade,
key text not null,
value text not null,
"offset" int not null,
function_id int not null default 0,
serialization text,
primary key (workflow_uuid, key, "offset")
)
create table workflow_schedules (
schedule_id text not null primary key,
schedule_name text not null unique,
workflow_name text not null,
workflow_class_name text,
schedule text not null,
status text not null default 'ACTIVE',
context text not null,
last_fired_at text,
automatic_backfill boolean not null default false,
cron_timezone text,
queue_name text,
application_name text
)
create table application_versions (
version_id text not null primary key,
version_name text not null unique,
version_timestamp bigint not null default (extract(epoch from now()) * 1000.0)::bigint,
created_at bigint not null default (extract(epoch from now()) * 1000.0)::bigint,
application_name text
)
create unique index uq_application_versions_owner_version
on application_versions (application_name, version_name)
where application_name is not null
create unique index uq_application_versions_unclaimed_version on application_versions (version_name)
where application_name is null
create table queues (
queue_id text not null default gen_random_uuid()::text primary key,
name text not null unique,
concurrency int,
worker_concurrency int,
rate_limit_max int,
rate_limit_period_sec double precision,
priority_enabled boolean not null default false,
partition_queue boolean not null default false,
polling_interval_sec double precision not null default 1.0,
created_at bigint not null default (extract(epoch from now()) * 1000.0)::bigint,
updated_at bigint not null default (extract(epoch from now()) * 1000.0)::bigint,
application_name text,
partition_concurrency int,
partition_worker_concurrency int,
partition_rate_limit_max int,
partition_rate_limit_period_sec double precision
)
create table event_dispatch_kv (
service_name text not null,
workflow_fn_name text not null,
key text not null,
value text,
update_seq numeric(38, 0),
update_time numeric(38, 15),
primary key (service_name, workflow_fn_name, key)
)
create table dbos_migrations (
version bigint not null primary key
)`,
};

export const endDelays: Statement<Record<never, never>, {
  ended: number;
}> = {
  name: "end_delays",

  columns: "ended int",
  hash: "eoi9La1bJbZi50tS",
  sql: `
with ended as (
update :schema.workflow_status
set delay_until_epoch_ms = (extract(epoch from statement_timestamp()) * 1000)::bigint
where status = 'DELAYED'
returning workflow_uuid
)
select count(*)::int as ended
from ended`,
};

export const findFormat: Statement<{
  workflow_id: string;
}, {
  status: string;
  serialization: string | null;
}> = {
  name: "find_format",

  columns: "status text, serialization text",
  hash: "oLBDuKaY8pGzUK_H",
  sql: `
select
status,
serialization
from :schema.workflow_status
where workflow_uuid = :workflow_id::text
and statement_timestamp() is not null`,
};

export const findLostClaims: Statement<{
  owner_xids: string;
  separator: string;
}, {
  owner_xid: string;
}> = {
  name: "find_lost_claims",

  columns: "owner_xid text",
  hash: "VEnebo2IaS59pja9",
  sql: `
select owner_xid
from unnest(string_to_array(:owner_xids::text, :separator::text)) as claim (owner_xid)
where statement_timestamp() is not null
and not exists (
select
from :schema.workflow_status as ws
where ws.owner_xid = claim.owner_xid and ws.status = 'PENDING'
)`,
};

export const findWork: Statement<{
  names: string;
  separator: string;
}, {
  has_due: boolean;
  has_enqueued: boolean;
}> = {
  name: "find_work",

  columns: "has_due boolean, has_enqueued boolean",
  hash: "a2cNxOC20jU7VCGr",
  sql: `
select
exists (
select
from :schema.workflow_status
where status = 'DELAYED' and delay_until_epoch_ms <= ms
or status in ('ENQUEUED', 'PENDING', 'DELAYED') and workflow_deadline_epoch_ms <= ms
) as has_due,
exists (
select
from :schema.workflow_status
where status = 'ENQUEUED'
and concat(nullif(class_name, '') || '.', name)
= any(string_to_array(:names::text, :separator::text))
) as has_enqueued
from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present`,
};

export const listSentMessages: Statement<Record<never, never>, {
  message_id: string;
  destination_id: string;
  topic: string | null;
  created_at: string;
  consumed: boolean;
  serialization: string | null;
  message: string;
}> = {
  name: "list_sent_messages",

  columns:
    "message_id text, destination_id text, topic text, created_at text, consumed boolean, serialization text, message text",
  hash: "OtJqO5HrjO5vVGTT",
  sql: `
select
message_uuid as message_id,
destination_uuid as destination_id,
topic,
created_at_epoch_ms::text as created_at,
consumed,
serialization,
message
from :schema.notifications
where statement_timestamp() is not null
order by created_at_epoch_ms, message_uuid`,
};

export const receiveMessage: Statement<{
  function_id: number;
  workflow_id: string;
  topic: string;
}, {
  message: string;
  serialization: string | null;
}> = {
  name: "receive_message",

  columns: "message text, serialization text",
  hash: "DQIQ_enaN31owRtQ",
  sql: `
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
serialization`,
};

export const recordSchemaVersion: Statement<{
  version: string;
}, Record<never, never>> = {
  name: "record_schema_version",

  hash: "H22PGAOZc5WHyheu",
  sql: `
insert into :schema.dbos_migrations (version)
values (:version::text::bigint)
on conflict do nothing`,
};

export const recordStep: Statement<{
  workflow_id: string;
  function_id: number;
  function_name: string;
  output: string | null;
  error: string | null;
  serialization: string | null;
  started_at: string;
}, Record<never, never>> = {
  name: "record_step",

  hash: "LB08Oo8akjlXX1TC",
  sql: `
insert into :schema.operation_outputs (
workflow_uuid,
function_id,
function_name,
output,
error,
serialization,
started_at_epoch_ms,
completed_at_epoch_ms
)
values (
:workflow_id::text,
:function_id::int,
:function_name::text,
:output::text,
:error::text,
:serialization::text,
:started_at::text::bigint,
(extract(epoch from statement_timestamp()) * 1000)::bigint
)
on conflict (workflow_uuid, function_id) do update
set
function_name = excluded.function_name,
output = excluded.output,
error = excluded.error,
serialization = excluded.serialization,
started_at_epoch_ms = excluded.started_at_epoch_ms,
completed_at_epoch_ms = excluded.completed_at_epoch_ms`,
};

export const setEvent: Statement<{
  workflow_id: string;
  key: string;
  value: string;
  serialization: string | null;
  function_id: number;
}, Record<never, never>> = {
  name: "set_event",

  hash: "d-lBoNISTYkPGY69",
  sql: `
with workflow as (
select workflow_uuid
from :schema.workflow_status
where workflow_uuid = :workflow_id::text
),
latest as (
insert into :schema.workflow_events (workflow_uuid, key, value, serialization)
select workflow_uuid, :key::text, :value::text, :serialization::text
from workflow
on conflict (workflow_uuid, key) do update
set value = excluded.value, serialization = excluded.serialization
),
history as (
insert into :schema.workflow_events_history (
workflow_uuid,
key,
value,
serialization,
function_id
)
select workflow_uuid, :key::text, :value::text, :serialization::text, :function_id::int
from workflow
on conflict (workflow_uuid, function_id, key) do update
set value = excluded.value, serialization = excluded.serialization
)
select
from workflow
cross join pg_notify('dbos_workflow_events_channel', concat(workflow_uuid, '::', :key::text))`,
};

export const updateDueWorkflows: Statement<Record<never, never>, Record<never, never>> = {
  name: "update_due_workflows",

  hash: "vMpqQpm2_omzyHg2",
  sql: `
with present as (
select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms
),
cancelled as (
update :schema.workflow_status
set
status = 'CANCELLED',
owner_xid = null,
queue_name = null,
deduplication_id = null,
started_at_epoch_ms = null,
completed_at = ms,
updated_at = ms
from present
where status in ('ENQUEUED', 'PENDING', 'DELAYED')
and workflow_deadline_epoch_ms <= ms
)
update :schema.workflow_status
set
status = 'ENQUEUED',
deduplication_id = case when is_debounced then null else deduplication_id end,
updated_at = ms
from present
where status = 'DELAYED'
and delay_until_epoch_ms <= ms
and (workflow_deadline_epoch_ms > ms) is not false`,
};

export const writeStream: Statement<{
  key: string;
  workflow_id: string;
  value: string;
  function_id: number;
  serialization: string | null;
}, Record<never, never>> = {
  name: "write_stream",

  hash: "nPzlY-40v_y1d5H1",
  sql: `
with workflow as (
select
ws.workflow_uuid,
(
select coalesce(max("offset") + 1, 0)
from :schema.streams
where workflow_uuid = ws.workflow_uuid and key = :key::text
) as end_offset
from :schema.workflow_status as ws
where ws.workflow_uuid = :workflow_id::text
),
written as (
insert into :schema.streams (workflow_uuid, key, value, "offset", function_id, serialization)
select
workflow_uuid,
:key::text,
:value::text,
end_offset,
:function_id::int,
:serialization::text
from workflow
)
select
from workflow
cross join pg_notify('dbos_streams_channel', concat(workflow_uuid, '::', :key::text))`,
};
