// Generated from the .sql files of this folder by `deno task sql`. Do not edit.

import type { Statement } from "../statement.ts";

export const cancelWorkflows: Statement<{
  workflow_ids: string;
  separator: string;
  with_children?: number | undefined;
}, {
  cancelled: number;
}> = {
  name: "cancel_workflows",

  columns: "cancelled int",
  hash: "qLQQBe_m4KmQ3BjS",
  sql: `
with recursive target as (
select unnest((select string_to_array(:workflow_ids::text, :separator::text))) as workflow_uuid
-- if workflow_status.parent_workflow_id and :with_children
union
select child.workflow_uuid
from target
join :schema.workflow_status as child on child.parent_workflow_id = target.workflow_uuid
-- end
),
cancelled as (
update :schema.workflow_status
set
status = 'CANCELLED',
owner_xid = null, -- if workflow_status.owner_xid
queue_name = null,
deduplication_id = null,
started_at_epoch_ms = null,
completed_at = present.ms, -- if workflow_status.completed_at
updated_at = present.ms
from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present
where workflow_uuid = any(array(select workflow_uuid from target))
and status not in ('SUCCESS', 'ERROR', 'CANCELLED')
returning workflow_uuid
)
select count(*)::int as cancelled
from cancelled`,
};

export const debounce: Statement<{
  job: string;
  is_retry?: number | undefined;
}, {
  extended_id: string | null;
  is_outdated: boolean | null;
  is_debounced: boolean | null;
  name: string | null;
  class_name: string | null;
  application_name: string | null;
  holder_id: string | null;
}> = {
  name: "debounce",
  needs: {
    columns: [
      "workflow_status.is_debounced",
      "workflow_status.delay_until_epoch_ms",
      "workflow_status.serialization",
    ],
    feature: "debounce",
  },
  columns:
    "extended_id text, is_outdated boolean if not workflow_input, is_debounced boolean, name text, class_name text, application_name text if workflow_status.application_name, holder_id text",
  hash: "yFEDmb55qYVHTCSD",
  sql: `
with job as (
select *
from json_to_recordset(:job::text::json) as job (
name text,
class_name text,
queue_name text,
deduplication_id text,
application_name text,
delay_ms bigint,
ignores_class boolean,
inputs text,
serialization text,
creator_xid text
)
),
-- if :is_retry and workflow_status.creator_xid
extended_before as (
select ws.workflow_uuid
from job
join :schema.workflow_status as ws
on ws.queue_name = job.queue_name
and ws.name = job.name
and ws.creator_xid = job.creator_xid
where :is_retry::int = 1
),
-- end
extended as (
update :schema.workflow_status as ws
set
delay_until_epoch_ms = least(present.ms + job.delay_ms, ws.debounce_deadline_epoch_ms),
-- if workflow_status.application_name
application_name = coalesce(ws.application_name, job.application_name),
-- end
inputs = job.inputs,
serialization = job.serialization,
creator_xid = job.creator_xid, -- if workflow_status.creator_xid
updated_at = present.ms
from job, (select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present
where ws.queue_name = job.queue_name
and ws.deduplication_id = job.deduplication_id
and ws.name = job.name
and (job.ignores_class or ws.class_name is not distinct from job.class_name)
and ws.status = 'DELAYED'
and ws.is_debounced
and to_regclass(:'schema' || '.workflow_input') is null -- if not workflow_input
-- if workflow_status.application_name
and coalesce(ws.application_name = job.application_name, true)
-- end
-- if :is_retry and workflow_status.creator_xid
and not exists (select from extended_before)
-- end
returning ws.workflow_uuid
),
-- if workflow_input
payload as (
insert into :schema.workflow_input (workflow_uuid, inputs)
select extended.workflow_uuid, job.inputs
from extended
cross join job
on conflict (workflow_uuid) do update set inputs = excluded.inputs
),
-- end
holder as (
select ws.*
from job
join :schema.workflow_status as ws
on ws.queue_name = job.queue_name
and ws.deduplication_id = job.deduplication_id
)
select
coalesce(
-- if :is_retry and workflow_status.creator_xid
(select workflow_uuid from extended_before limit 1),
-- end
extended.workflow_uuid
) as extended_id,
to_regclass(:'schema' || '.workflow_input') is not null as is_outdated, -- if not workflow_input
holder.is_debounced,
holder.name,
holder.class_name::text,
holder.application_name, -- if workflow_status.application_name
holder.workflow_uuid as holder_id
from job
left join extended on true
left join holder on true`,
};

export const deleteWorkflows: Statement<{
  workflow_ids: string;
  separator: string;
  with_children?: number | undefined;
}, Record<never, never>> = {
  name: "delete_workflows",

  hash: "pSkG4acUVkRZ_TNJ",
  sql: `
with recursive target as (
select unnest((select string_to_array(:workflow_ids::text, :separator::text))) as workflow_uuid
-- if workflow_status.parent_workflow_id and :with_children
union
select child.workflow_uuid
from target
join :schema.workflow_status as child on child.parent_workflow_id = target.workflow_uuid
-- end
),
-- if workflow_input
deleted_inputs as (
delete from :schema.workflow_input
where workflow_uuid = any(array(select workflow_uuid from target))
),
-- end
-- if workflow_output
deleted_outputs as (
delete from :schema.workflow_output
where workflow_uuid = any(array(select workflow_uuid from target))
),
-- end
deleted_steps as (
delete from :schema.operation_outputs
where workflow_uuid = any(array(select workflow_uuid from target))
)
delete from :schema.workflow_status
where workflow_uuid = any(array(select workflow_uuid from target))`,
};

export const enqueue: Statement<{
  after: string;
  jobs: string;
  all_columns?: number | undefined;
  find_old_inputs?: number | undefined;
  check_conflicts?: number | undefined;
  replace_inputs?: number | undefined;
}, {
  position: number | null;
  existing_id: string | null;
  status: string | null;
  name: string | null;
  class_name: string | null;
  config_name: string | null;
  is_own: boolean | null;
  holder_id: string | null;
  has_old_inputs: boolean | null;
  last_created_at: string | null;
  server_ms: string;
}> = {
  name: "enqueue",

  columns:
    "position int if :check_conflicts, existing_id text if :check_conflicts, status text if :check_conflicts, name text if :check_conflicts, class_name text if :check_conflicts, config_name text if :check_conflicts, is_own boolean if :check_conflicts, holder_id text if :check_conflicts and :all_columns, has_old_inputs boolean if :check_conflicts and workflow_input and :find_old_inputs, last_created_at text, server_ms text",
  hash: "Lkpf9aWYJBWf01rM",
  sql: `
with clock as (
select (extract(epoch from statement_timestamp()) * 1000)::bigint as server_ms
),
job as (
select
input.*,
least(
coalesce(
input.requested_at,
greatest(server_ms, :after::text::bigint + 1) + input.ordinality - 1
),
server_ms + 1000
) as created_at
from clock
cross join rows from (
json_to_recordset(:jobs::text::json) as (
-- if :all_columns
class_name text,
config_name text,
authenticated_user text,
assumed_role text,
authenticated_roles text,
timeout_ms bigint,
deadline_epoch_ms bigint,
deduplication_id text,
priority int,
queue_partition_key text,
delay_ms bigint,
attributes jsonb,
schedule_name text,
is_debounced boolean,
debounce_timeout_ms bigint,
-- end
workflow_id text,
name text,
queue_name text,
application_version text,
application_name text,
inputs text,
serialization text,
creator_xid text,
requested_at bigint
)
) with ordinality as input
),
-- if workflow_input and :find_old_inputs
old_inputs as (
select workflow_id
from job
where (select true from :schema.workflow_input where workflow_uuid = workflow_id limit 1)
and (select true from :schema.workflow_status where workflow_uuid = workflow_id limit 1) is null
and not row_security_active(:'schema' || '.workflow_status')
),
-- end
inserted as (
insert into :schema.workflow_status (
-- if :all_columns
config_name,
workflow_timeout_ms,
workflow_deadline_epoch_ms,
deduplication_id,
queue_partition_key, -- if workflow_status.queue_partition_key
delay_until_epoch_ms, -- if workflow_status.delay_until_epoch_ms
attributes, -- if workflow_status.attributes
schedule_name, -- if workflow_status.schedule_name
-- if workflow_status.is_debounced
is_debounced,
debounce_deadline_epoch_ms,
-- end
-- end
class_name,
authenticated_user,
assumed_role,
authenticated_roles,
priority,
status,
workflow_uuid,
name,
queue_name,
executor_id,
application_version,
application_id,
application_name, -- if workflow_status.application_name
created_at,
updated_at,
recovery_attempts,
serialization, -- if workflow_status.serialization
creator_xid, -- if workflow_status.creator_xid
owner_xid, -- if workflow_status.owner_xid and not workflow_status.creator_xid
inputs
)
select
-- if :all_columns
config_name,
timeout_ms,
deadline_epoch_ms,
deduplication_id,
queue_partition_key, -- if workflow_status.queue_partition_key
created_at + least(delay_ms, debounce_timeout_ms), -- if workflow_status.delay_until_epoch_ms
attributes, -- if workflow_status.attributes
schedule_name, -- if workflow_status.schedule_name
-- if workflow_status.is_debounced
coalesce(is_debounced, false),
created_at + debounce_timeout_ms,
-- end
-- end
coalesce(
class_name, -- if :all_columns
case serialization when 'js_superjson' then '' end, -- if not workflow_status.serialization
null
),
coalesce(
authenticated_user, -- if :all_columns
''
),
coalesce(
assumed_role, -- if :all_columns
''
),
coalesce(
authenticated_roles, -- if :all_columns
'[]'
),
coalesce(
priority, -- if :all_columns
0
),
coalesce(
case when delay_ms > 0 then 'DELAYED' end, -- if :all_columns
'ENQUEUED'
),
workflow_id,
name,
queue_name,
'',
application_version,
'',
application_name, -- if workflow_status.application_name
created_at,
created_at,
0,
serialization, -- if workflow_status.serialization
creator_xid, -- if workflow_status.creator_xid
creator_xid, -- if workflow_status.owner_xid and not workflow_status.creator_xid
inputs
from job
where not exists (select from old_inputs) -- if workflow_input and :find_old_inputs
on conflict do nothing -- if :check_conflicts
returning
creator_xid, -- if workflow_status.creator_xid
owner_xid, -- if workflow_status.owner_xid and not workflow_status.creator_xid
workflow_uuid,
created_at
),
-- if :check_conflicts
conflict as (
select *
from job
where not exists (
select
from inserted
where true
and inserted.creator_xid = job.creator_xid -- if workflow_status.creator_xid
and inserted.owner_xid = job.creator_xid -- if workflow_status.owner_xid and not workflow_status.creator_xid
-- if not workflow_status.owner_xid and not workflow_status.creator_xid
and inserted.workflow_uuid = job.workflow_id
and inserted.created_at = job.created_at
-- end
)
),
-- end
-- if workflow_input
payload as (
insert into :schema.workflow_input (workflow_uuid, inputs)
select workflow_id, inputs
from job
where ordinality not in (select ordinality from conflict) -- if :check_conflicts
on conflict (workflow_uuid) do update set inputs = excluded.inputs -- if :replace_inputs
),
-- end
stamp as (
select max(created_at)::text as last_created_at
from inserted
)
select
-- if :check_conflicts
(conflict.ordinality - 1)::int as position,
existing.workflow_uuid as existing_id,
existing.status,
existing.name,
existing.class_name::text,
existing.config_name::text,
coalesce(
existing.creator_xid = conflict.creator_xid, -- if workflow_status.creator_xid
existing.owner_xid = conflict.creator_xid, -- if workflow_status.owner_xid and not workflow_status.creator_xid
false
) as is_own,
holder.workflow_uuid as holder_id, -- if :all_columns
-- if workflow_input and :find_old_inputs
conflict.workflow_id in (select workflow_id from old_inputs) as has_old_inputs,
-- end
-- end
stamp.last_created_at,
clock.server_ms::text
from stamp
cross join clock
-- if :check_conflicts
left join conflict on true
left join lateral (
select
status,
name,
class_name,
config_name,
creator_xid, -- if workflow_status.creator_xid
owner_xid, -- if workflow_status.owner_xid and not workflow_status.creator_xid
workflow_uuid
from :schema.workflow_status
where workflow_uuid = conflict.workflow_id
limit 1
) as existing on true
-- if :all_columns
left join lateral (
select workflow_uuid
from :schema.workflow_status
where queue_name = conflict.queue_name and deduplication_id = conflict.deduplication_id
limit 1
) as holder on true
-- end
-- end`,
};

export const enqueueOne: Statement<{
  requested_at?: string | undefined;
  after: string;
  application_version?: string | undefined;
  application_name?: string | undefined;
  serialization: string;
  workflow_id: string;
  name: string;
  queue_name: string;
  creator_xid: string;
  inputs: string;
  check_conflicts?: number | undefined;
}, {
  position: number | null;
  existing_id: string | null;
  status: string | null;
  name: string | null;
  class_name: string | null;
  config_name: string | null;
  is_own: boolean | null;
  last_created_at: string | null;
  server_ms: string;
}> = {
  name: "enqueue_one",

  columns:
    "position int if :check_conflicts, existing_id text if :check_conflicts, status text if :check_conflicts, name text if :check_conflicts, class_name text if :check_conflicts, config_name text if :check_conflicts, is_own boolean if :check_conflicts, last_created_at text, server_ms text",
  hash: "fT-pv0WMpOJi0vLR",
  sql: `
with workflow as (
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
inserted as (
insert into :schema.workflow_status (
class_name,
authenticated_user,
assumed_role,
authenticated_roles,
priority,
status,
workflow_uuid,
name,
queue_name,
executor_id,
application_version, -- if :application_version
application_id,
application_name, -- if workflow_status.application_name and :application_name
created_at,
updated_at,
recovery_attempts,
serialization, -- if workflow_status.serialization
creator_xid, -- if workflow_status.creator_xid
owner_xid, -- if workflow_status.owner_xid and not workflow_status.creator_xid
inputs
)
select
coalesce(
case :serialization::text when 'js_superjson' then '' end, -- if not workflow_status.serialization
null
),
'',
'',
'[]',
0,
'ENQUEUED',
:workflow_id::text,
:name::text,
:queue_name::text,
'',
:application_version::text,
'',
:application_name::text, -- if workflow_status.application_name
created_at,
created_at,
0,
:serialization::text, -- if workflow_status.serialization
:creator_xid::text, -- if workflow_status.creator_xid
:creator_xid::text, -- if workflow_status.owner_xid and not workflow_status.creator_xid
:inputs::text
from workflow
on conflict do nothing -- if :check_conflicts
returning created_at
),
-- if workflow_input
payload as (
insert into :schema.workflow_input (workflow_uuid, inputs)
select :workflow_id::text, :inputs::text
from inserted
),
-- end
stamp as (
select (select created_at from inserted) as created_at
)
select
-- if :check_conflicts
case when stamp.created_at is null then 0 end as position,
existing.workflow_uuid as existing_id,
existing.status,
existing.name,
existing.class_name::text,
existing.config_name::text,
coalesce(
existing.creator_xid = :creator_xid::text, -- if workflow_status.creator_xid
existing.owner_xid = :creator_xid::text, -- if workflow_status.owner_xid and not workflow_status.creator_xid
false
) as is_own,
-- end
stamp.created_at::text as last_created_at,
workflow.server_ms::text
from workflow
cross join stamp
-- if :check_conflicts
left join lateral (
select
status,
name,
class_name,
config_name,
creator_xid, -- if workflow_status.creator_xid
owner_xid, -- if workflow_status.owner_xid and not workflow_status.creator_xid
workflow_uuid
from :schema.workflow_status
where workflow_uuid = :workflow_id::text and stamp.created_at is null
limit 1
) as existing on true
-- end`,
};

export const findCompletionTimes: Statement<{
  targets: string;
  separator: string;
  max_rows: number;
}, {
  position: number;
  workflow_id: string;
  completed_at: string;
}> = {
  name: "find_completion_times",

  columns: "position int, workflow_id text, completed_at text",
  hash: "aJZnzB7jy3qTeCtY",
  sql: `
select
(target.ordinality - 1)::int as position,
ws.workflow_uuid as workflow_id,
coalesce(
ws.completed_at, -- if workflow_status.completed_at
ws.updated_at
)::text as completed_at
from unnest(string_to_array(:targets::text, :separator::text))
with ordinality as target (workflow_id)
cross join lateral (
select
workflow_uuid,
status,
completed_at, -- if workflow_status.completed_at
updated_at
from :schema.workflow_status
where workflow_uuid = target.workflow_id
limit 1
) as ws
where statement_timestamp() is not null
and ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
limit :max_rows::int`,
};

export const findOutcome: Statement<{
  workflow_id: string;
}, {
  position: number;
  workflow_id: string;
  status: string;
  value: string | null;
  error: string | null;
  serialization: string | null;
  is_outdated: boolean | null;
  completed_at: string;
}> = {
  name: "find_outcome",

  columns:
    "position int, workflow_id text, status text, value text, error text, serialization text if workflow_status.serialization, is_outdated boolean if not workflow_output, completed_at text",
  hash: "0QZ_mDBA6AZHFFF9",
  sql: `
with found as (
select
workflow_uuid,
status,
output,
error,
serialization, -- if workflow_status.serialization
coalesce(
completed_at, -- if workflow_status.completed_at
updated_at
) as completed_at
from :schema.workflow_status
where workflow_uuid = :workflow_id::text
and status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
limit 1
)
select
0 as position,
ws.workflow_uuid as workflow_id,
ws.status,
coalesce(
wo.output, -- if workflow_output
ws.output
) as value,
nullif(
coalesce(
wo.error, -- if workflow_output
ws.error
),
''
) as error,
ws.serialization, -- if workflow_status.serialization
to_regclass(:'schema' || '.workflow_output') is not null as is_outdated, -- if not workflow_output
ws.completed_at::text
from found as ws
-- if workflow_output
left join lateral (
select output, error
from :schema.workflow_output
where workflow_uuid = ws.workflow_uuid
limit 1
) as wo on true
-- end
where statement_timestamp() is not null`,
};

export const findOutcomes: Statement<{
  targets: string;
  separator: string;
  max_bytes: number;
  max_rows: number;
}, {
  position: number;
  workflow_id: string;
  status: string;
  value: string | null;
  error: string | null;
  serialization: string | null;
  is_outdated: boolean | null;
  is_cut: boolean;
  completed_at: string;
}> = {
  name: "find_outcomes",

  columns:
    "position int, workflow_id text, status text, value text, error text, serialization text if workflow_status.serialization, is_outdated boolean if not workflow_output, is_cut boolean, completed_at text",
  hash: "HG5w40cE2vTM7G6y",
  sql: `
with found as (
select
target.ordinality,
ws.workflow_uuid,
ws.status,
coalesce(
wo.output, -- if workflow_output
ws.output
) as value,
nullif(
coalesce(
wo.error, -- if workflow_output
ws.error
),
''
) as error,
ws.serialization, -- if workflow_status.serialization
sum(
coalesce(
octet_length(wo.output), -- if workflow_output
octet_length(ws.output),
0
) + coalesce(
octet_length(wo.error), -- if workflow_output
octet_length(ws.error),
0
)
) over (order by target.ordinality rows unbounded preceding) as total_bytes,
coalesce(
ws.completed_at, -- if workflow_status.completed_at
ws.updated_at
) as completed_at
from unnest(string_to_array(:targets::text, :separator::text))
with ordinality as target (workflow_id)
cross join lateral (
select
workflow_uuid,
status,
output,
error,
serialization, -- if workflow_status.serialization
completed_at, -- if workflow_status.completed_at
updated_at
from :schema.workflow_status
where workflow_uuid = target.workflow_id
limit 1
) as ws
-- if workflow_output
left join lateral (
select output, error
from :schema.workflow_output
where workflow_uuid = ws.workflow_uuid
limit 1
) as wo on true
-- end
where ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
)
select
(ordinality - 1)::int as position,
workflow_uuid as workflow_id,
status,
value,
error,
serialization, -- if workflow_status.serialization
to_regclass(:'schema' || '.workflow_output') is not null as is_outdated, -- if not workflow_output
total_bytes >= :max_bytes::int as is_cut,
completed_at::text
from found
where statement_timestamp() is not null
and total_bytes < :max_bytes::int + coalesce(octet_length(value), 0) + coalesce(octet_length(error), 0)
order by ordinality
limit :max_rows::int`,
};

export const forkWorkflows: Statement<{
  forks: string;
}, {
  position: number;
  has_original: boolean;
  is_own: boolean;
  is_outdated: boolean | null;
  existing_status: string | null;
  existing_name: string | null;
}> = {
  name: "fork_workflows",
  needs: {
    columns: ["workflow_events_history", "streams"],
    feature: "forkWorkflow",
  },
  columns:
    "position int, has_original boolean, is_own boolean, is_outdated boolean if not workflow_input, existing_status text, existing_name text",
  hash: "HAoFIdbEGy5c3CuA",
  sql: `
with fork as (
select
input.*,
(extract(epoch from statement_timestamp()) * 1000)::bigint + input.ordinality - 1 as created_at,
original.workflow_uuid is not null as has_original,
coalesce(
original.application_name, -- if workflow_status.application_name
input.client_application_name
) as application_name,
to_regclass(:'schema' || '.workflow_input') is not null as is_outdated, -- if not workflow_input
existing.status as existing_status,
existing.name as existing_name,
coalesce(
existing.creator_xid = input.creator_xid, -- if workflow_status.creator_xid
existing.forked_from = input.original_id, -- if not workflow_status.creator_xid
false
) as is_own
from rows from (
json_to_recordset(:forks::text::json) as (
original_id text,
fork_id text,
start_step int,
queue_name text,
queue_partition_key text,
application_version text,
client_application_name text,
timeout_ms bigint,
replacement_children jsonb,
creator_xid text
)
) with ordinality as input
left join lateral (
select * from :schema.workflow_status where workflow_uuid = input.original_id limit 1
) as original on true
left join lateral (
select * from :schema.workflow_status where workflow_uuid = input.fork_id limit 1
) as existing on true
),
inserted as (
insert into :schema.workflow_status (
workflow_uuid,
status,
class_name,
config_name,
queue_name,
authenticated_user,
assumed_role,
authenticated_roles,
application_version,
application_id,
application_name, -- if workflow_status.application_name
created_at,
updated_at,
workflow_timeout_ms,
queue_partition_key, -- if workflow_status.queue_partition_key
attributes, -- if workflow_status.attributes
serialization, -- if workflow_status.serialization
creator_xid, -- if workflow_status.creator_xid
forked_from, -- if workflow_status.forked_from
inputs,
name
)
select
fork.fork_id,
'ENQUEUED',
original.class_name,
original.config_name,
fork.queue_name,
original.authenticated_user,
original.assumed_role,
original.authenticated_roles,
coalesce(fork.application_version, original.application_version),
original.application_id,
fork.application_name, -- if workflow_status.application_name
fork.created_at,
fork.created_at,
fork.timeout_ms,
fork.queue_partition_key, -- if workflow_status.queue_partition_key
original.attributes, -- if workflow_status.attributes
original.serialization, -- if workflow_status.serialization
fork.creator_xid, -- if workflow_status.creator_xid
fork.original_id, -- if workflow_status.forked_from
coalesce(
payload.inputs, -- if workflow_input
original.inputs
),
original.name
from fork
cross join lateral (
select * from :schema.workflow_status where workflow_uuid = fork.original_id limit 1
) as original
-- if workflow_input
left join lateral (
select * from :schema.workflow_input where workflow_uuid = fork.original_id limit 1
) as payload on true
-- end
where not exists (
select from fork
where not has_original
or is_outdated -- if not workflow_input
or (existing_status is not null and not is_own)
)
order by fork.ordinality
on conflict do nothing
returning workflow_uuid, inputs
),
copy as (
select fork.*
from fork
join inserted on inserted.workflow_uuid = fork.fork_id
),
-- if workflow_status.was_forked_from
marked as (
update :schema.workflow_status
set was_forked_from = true
where workflow_uuid = any(array(select original_id from copy))
and not was_forked_from
),
-- end
-- if workflow_input
payload as (
insert into :schema.workflow_input (workflow_uuid, inputs)
select workflow_uuid, inputs
from inserted
on conflict (workflow_uuid) do update set inputs = excluded.inputs
),
-- end
steps as (
insert into :schema.operation_outputs (
workflow_uuid,
function_id,
function_name,
output,
error,
serialization, -- if operation_outputs.serialization
started_at_epoch_ms, -- if operation_outputs.started_at_epoch_ms
completed_at_epoch_ms, -- if operation_outputs.completed_at_epoch_ms
application_name, -- if operation_outputs.application_name
child_workflow_id
)
select
copy.fork_id,
step.function_id,
step.function_name,
step.output,
step.error,
step.serialization, -- if operation_outputs.serialization
step.started_at_epoch_ms, -- if operation_outputs.started_at_epoch_ms
step.completed_at_epoch_ms, -- if operation_outputs.completed_at_epoch_ms
copy.application_name, -- if operation_outputs.application_name
coalesce(copy.replacement_children ->> step.child_workflow_id, step.child_workflow_id)
from copy
cross join lateral (
select *
from :schema.operation_outputs
where workflow_uuid = copy.original_id and function_id < copy.start_step
offset 0
) as step
),
stream_values as (
insert into :schema.streams (
workflow_uuid,
key,
value,
serialization, -- if streams.serialization
"offset",
function_id
)
select
copy.fork_id,
stream.key,
stream.value,
stream.serialization, -- if streams.serialization
stream."offset",
stream.function_id
from copy
cross join lateral (
select *
from :schema.streams
where workflow_uuid = copy.original_id and function_id < copy.start_step
offset 0
) as stream
),
published as (
select copy.fork_id, history.*
from copy
cross join lateral (
select *
from :schema.workflow_events_history
where workflow_uuid = copy.original_id and function_id < copy.start_step
offset 0
) as history
),
history as (
insert into :schema.workflow_events_history (
workflow_uuid,
function_id,
key,
serialization, -- if workflow_events.serialization
value
)
select
fork_id,
function_id,
key,
serialization, -- if workflow_events.serialization
value
from published
),
events as (
insert into :schema.workflow_events (
workflow_uuid,
key,
serialization, -- if workflow_events.serialization
value
)
select distinct on (fork_id, key)
fork_id,
key,
serialization, -- if workflow_events.serialization
value
from published
order by fork_id, key, function_id desc
)
select
(ordinality - 1)::int as position,
has_original,
is_own,
is_outdated, -- if not workflow_input
existing_status,
existing_name
from fork
where not exists (select from inserted where inserted.workflow_uuid = fork.fork_id)`,
};

export const resumeWorkflows: Statement<{
  workflow_ids: string;
  separator: string;
  queue_name: string;
  creator_xid: string;
}, {
  missing_id: string;
}> = {
  name: "resume_workflows",

  columns: "missing_id text",
  hash: "ivkAm16r1mW4TCPF",
  sql: `
with requested as (
select distinct workflow_uuid
from unnest((select string_to_array(:workflow_ids::text, :separator::text))) as workflow_uuid
),
missing as (
select workflow_uuid
from requested
where not exists (
select from :schema.workflow_status as ws
where ws.workflow_uuid = requested.workflow_uuid
)
),
resumed as (
update :schema.workflow_status
set
status = 'ENQUEUED',
owner_xid = null, -- if workflow_status.owner_xid
queue_name = :queue_name::text,
recovery_attempts = 0,
workflow_deadline_epoch_ms = null,
deduplication_id = null,
started_at_epoch_ms = null,
completed_at = null, -- if workflow_status.completed_at
creator_xid = :creator_xid::text, -- if workflow_status.creator_xid
updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint
where workflow_uuid = any(array(select workflow_uuid from requested))
and status not in ('SUCCESS', 'ERROR')
and creator_xid is distinct from :creator_xid::text -- if workflow_status.creator_xid
and not exists (select from missing)
)
select workflow_uuid as missing_id
from missing
order by missing_id`,
};

export const rewindWorkflow: Statement<{
  workflow_id: string;
  creator_xid: string;
  start_step: number;
  queue_name: string;
  queue_partition_key: string | null;
  application_version: string | null;
}, {
  status: string;
  is_rewound: boolean;
}> = {
  name: "rewind_workflow",
  needs: {
    columns: ["workflow_events_history", "streams"],
    feature: "rewindWorkflow",
  },
  columns: "status text, is_rewound boolean",
  hash: "38urK_MFd46Fncth",
  sql: `
with target as (
select workflow_uuid
from :schema.workflow_status
where workflow_uuid = :workflow_id::text
and status not in ('PENDING', 'ENQUEUED', 'DELAYED')
and creator_xid is distinct from :creator_xid::text -- if workflow_status.creator_xid
for no key update
),
history as (
select history.*
from target
join :schema.workflow_events_history as history using (workflow_uuid)
),
undone_event as (
select distinct workflow_uuid, key
from history
where function_id >= :start_step::int
),
earlier_event as (
select distinct on (key) history.*
from history
where function_id < :start_step::int
order by key, function_id desc
),
restored_events as (
update :schema.workflow_events as event
set
serialization = earlier_event.serialization, -- if workflow_events.serialization
value = earlier_event.value
from undone_event
join earlier_event using (workflow_uuid, key)
where event.workflow_uuid = undone_event.workflow_uuid and event.key = undone_event.key
),
deleted_events as (
delete from :schema.workflow_events as event
using undone_event
where event.workflow_uuid = undone_event.workflow_uuid
and event.key = undone_event.key
and not exists (select from earlier_event where earlier_event.key = event.key)
),
deleted_history as (
delete from :schema.workflow_events_history
where workflow_uuid in (select workflow_uuid from target)
and function_id >= :start_step::int
),
deleted_close_markers as (
delete from :schema.streams
where workflow_uuid in (select workflow_uuid from target)
and function_id >= :start_step::int
and value in (
'"__DBOS_STREAM_CLOSED__"',
'__DBOS_STREAM_CLOSED__',
'gASVGgAAAAAAAACMFl9fREJPU19TVFJFQU1fQ0xPU0VEX1+ULg==',
'gAWVGgAAAAAAAACMFl9fREJPU19TVFJFQU1fQ0xPU0VEX1+ULg=='
)
),
deleted_steps as (
delete from :schema.operation_outputs
where workflow_uuid in (select workflow_uuid from target)
and function_id >= :start_step::int
),
deleted_messages as (
delete from :schema.notifications
where destination_uuid in (select workflow_uuid from target)
-- if notifications.consumed
and (
not consumed
or consumed_by_function_id >= :start_step::int -- if notifications.consumed_by_function_id
)
-- end
),
-- if workflow_output
deleted_output as (
delete from :schema.workflow_output
where workflow_uuid in (select workflow_uuid from target)
),
-- end
rewound as (
update :schema.workflow_status
set
status = 'ENQUEUED',
owner_xid = null, -- if workflow_status.owner_xid
queue_name = :queue_name::text,
queue_partition_key = :queue_partition_key::text, -- if workflow_status.queue_partition_key
application_version = coalesce(:application_version::text, application_version),
recovery_attempts = 0,
workflow_deadline_epoch_ms = null,
deduplication_id = null,
started_at_epoch_ms = null,
completed_at = null, -- if workflow_status.completed_at
output = null,
error = null,
creator_xid = :creator_xid::text, -- if workflow_status.creator_xid
updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint
where workflow_uuid in (select workflow_uuid from target)
returning workflow_uuid
)
select
status,
coalesce(
creator_xid = :creator_xid::text, -- if workflow_status.creator_xid
false
) or exists (select from rewound) as is_rewound
from :schema.workflow_status
where workflow_uuid = :workflow_id::text`,
};

export const setWorkflowDelay: Statement<{
  until_epoch_ms: number | null;
  delay_ms: number | null;
  workflow_id: string;
}, Record<never, never>> = {
  name: "set_workflow_delay",
  needs: {
    columns: ["workflow_status.delay_until_epoch_ms"],
    feature: "setWorkflowDelay",
  },

  hash: "tx2UuKMxKLTf0RhX",
  sql: `
update :schema.workflow_status
set
delay_until_epoch_ms = coalesce(:until_epoch_ms::bigint, present.ms + :delay_ms::bigint),
updated_at = present.ms
from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present
where workflow_uuid = :workflow_id::text
and status = 'DELAYED'`,
};

export const setWorkflowPriority: Statement<{
  priority: number;
  workflow_id: string;
}, Record<never, never>> = {
  name: "set_workflow_priority",

  hash: "1PvkTx-hnJ5dI2Tb",
  sql: `
update :schema.workflow_status
set
priority = :priority::int,
updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint
where workflow_uuid = :workflow_id::text
and status in ('ENQUEUED', 'DELAYED')`,
};

export const updateWorkflowAttributes: Statement<{
  merge: number;
  attributes: string | null;
  workflow_id: string;
}, Record<never, never>> = {
  name: "update_workflow_attributes",
  needs: {
    columns: ["workflow_status.attributes"],
    feature: "updateWorkflowAttributes",
  },

  hash: "TzNIk-39ii4jEbPQ",
  sql: `
update :schema.workflow_status
set
attributes = case
when :merge::int = 1 and jsonb_typeof(attributes) = 'object'
then attributes || :attributes::text::jsonb
else :attributes::text::jsonb
end,
updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint
where workflow_uuid = :workflow_id::text`,
};
