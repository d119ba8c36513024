// Generated from sql/*.sql by `deno task sql`: change those, not this.

/** A statement of sql/, with the types of its parameters and of its rows. */
export interface Statement<Parameters, Row> {
  readonly name: string;
  readonly text: string;
  readonly parameters?: Parameters;
  readonly row?: Row;
}

export const applySchedules: Statement<{
  schedules: string;
}, {
  schedule_name: string;
  application_name: string | null;
}> = {
  name: "apply_schedules",
  text:
    `with input as ( select * from json_to_recordset(:schedules::text::json) as input ( schedule_id text, schedule_name text, workflow_name text, workflow_class_name text, schedule text, context text, automatic_backfill boolean, cron_timezone text, queue_name text, application_name text ) ), existing as ( select
existing.application_name, -- workflow_schedules.application_name
existing.schedule_name from :schema.workflow_schedules as existing where existing.schedule_name in (select schedule_name from input) order by existing.schedule_name for update ), in_the_way as ( select
existing.application_name, -- workflow_schedules.application_name
existing.schedule_name from existing join input using (schedule_name) where false
or existing.application_name <> input.application_name -- workflow_schedules.application_name
), written as ( insert into :schema.workflow_schedules as written ( schedule_id, schedule_name, workflow_name, workflow_class_name, schedule, context,
automatic_backfill, -- workflow_schedules.automatic_backfill
cron_timezone, -- workflow_schedules.cron_timezone
queue_name, -- workflow_schedules.queue_name
application_name, -- workflow_schedules.application_name
status ) select schedule_id, schedule_name, workflow_name, workflow_class_name, schedule, context,
automatic_backfill, -- workflow_schedules.automatic_backfill
cron_timezone, -- workflow_schedules.cron_timezone
queue_name, -- workflow_schedules.queue_name
application_name, -- workflow_schedules.application_name
'ACTIVE' from input where not exists (select from in_the_way) order by schedule_name on conflict (schedule_name) do update set workflow_name = excluded.workflow_name, workflow_class_name = excluded.workflow_class_name, schedule = excluded.schedule,
automatic_backfill = excluded.automatic_backfill, -- workflow_schedules.automatic_backfill
cron_timezone = excluded.cron_timezone, -- workflow_schedules.cron_timezone
queue_name = excluded.queue_name, -- workflow_schedules.queue_name
application_name = coalesce( written.application_name, excluded.application_name ), -- workflow_schedules.application_name
context = excluded.context where true
and coalesce( written.application_name = excluded.application_name, true ) -- workflow_schedules.application_name
returning schedule_name ) select
in_the_way.application_name, -- workflow_schedules.application_name
in_the_way.schedule_name from in_the_way union all select
null, -- workflow_schedules.application_name
input.schedule_name from input where not exists (select from in_the_way) and input.schedule_name not in (select schedule_name from written)`,
};

export const cancelWorkflows: Statement<{
  workflow_ids: string;
  with_children: number;
}, {
  cancelled: number;
}> = {
  name: "cancel_workflows",
  text:
    `with recursive target as ( select json_array_elements_text(:workflow_ids::text::json) as workflow_uuid
union select child.workflow_uuid from target join :schema.workflow_status as child on child.parent_workflow_id = target.workflow_uuid where :with_children::int = 1 -- workflow_status.parent_workflow_id
), cancelled as ( update :schema.workflow_status set status = 'CANCELLED',
owner_xid = null, -- workflow_status.owner_xid
queue_name = null, deduplication_id = null, started_at_epoch_ms = null,
completed_at = present.ms, -- workflow_status.completed_at
updated_at = present.ms from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present where workflow_uuid = any(array(select workflow_uuid from target)) and status not in ('SUCCESS', 'ERROR', 'CANCELLED') returning workflow_uuid ) select count(*)::int as cancelled from cancelled`,
};

export const countSteps: Statement<{
  separator: string;
  names?: string | undefined;
  patterns?: string | undefined;
  applications?: string | undefined;
  status?: string | undefined;
  completed_from?: number | undefined;
  completed_until?: number | undefined;
  by_status?: number | undefined;
  by_name?: number | undefined;
  bucket_ms?: number | undefined;
}, {
  status: string | null;
  name: string | null;
  bucket: string | null;
  count: string;
  longest_ms: string | null;
}> = {
  name: "count_steps",
  text:
    `with matching as ( select case when error is null then 'SUCCESS' else 'ERROR' end as status, function_name as name, completed_at_epoch_ms as completed_at, completed_at_epoch_ms - started_at_epoch_ms as duration_ms from :schema.operation_outputs where true
and function_name = any(string_to_array(:names::text, :separator::text)) -- :names
and workflow_uuid like any(string_to_array(:patterns::text, :separator::text)) -- :patterns
and (application_name is null or application_name = any( string_to_array(:applications::text, :separator::text) )) -- :applications
and (error is null) = (:status::text = 'SUCCESS') -- :status
and completed_at_epoch_ms >= :completed_from::bigint -- :completed_from
and completed_at_epoch_ms <= :completed_until::bigint -- :completed_until
) select
status, -- :by_status
name, -- :by_name
(completed_at / :bucket_ms::bigint * :bucket_ms::bigint)::text as bucket, -- :bucket_ms
max(duration_ms)::text as longest_ms, count(*)::text as count from matching group by
status, -- :by_status
name, -- :by_name
completed_at / :bucket_ms::bigint, -- :bucket_ms
() order by
completed_at / :bucket_ms::bigint, -- :bucket_ms
count(*) desc`,
};

export const countWorkflows: Statement<{
  separator: string;
  ids?: string | undefined;
  patterns?: string | undefined;
  id_from?: string | undefined;
  id_until?: string | undefined;
  names?: string | undefined;
  class_names?: string | undefined;
  configs?: string | undefined;
  status?: string | undefined;
  statuses?: number | undefined;
  in_flight?: string | undefined;
  delayed?: number | undefined;
  failed?: string | undefined;
  succeeded?: number | undefined;
  queues?: string | undefined;
  is_queued?: number | undefined;
  keys?: string | undefined;
  is_debounced?: number | undefined;
  users?: string | undefined;
  executors?: string | undefined;
  versions?: string | undefined;
  applications?: string | undefined;
  origins?: string | undefined;
  is_fork?: number | undefined;
  was_forked_from?: number | undefined;
  parents?: string | undefined;
  has_parent?: number | undefined;
  schedules?: string | undefined;
  attributes?: string | undefined;
  created_from?: number | undefined;
  created_until?: number | undefined;
  dequeued_from?: number | undefined;
  dequeued_until?: number | undefined;
  completed_from?: number | undefined;
  completed_until?: number | undefined;
  by_status?: number | undefined;
  by_name?: number | undefined;
  by_queue?: number | undefined;
  by_version?: number | undefined;
  bucket_ms?: number | undefined;
}, {
  status: string | null;
  name: string | null;
  queue_name: string | null;
  application_version: string | null;
  bucket: string | null;
  count: string;
}> = {
  name: "count_workflows",
  text:
    `with matching as ( select ws.* from ( select null::text as forked_from, null::text as parent_workflow_id, false as was_forked_from, null::bigint as completed_at, null::jsonb as attributes, null::text as schedule_name, false as is_debounced, null::text as application_name ) as absent cross join lateral ( select * from :schema.workflow_status where true
and workflow_uuid = any(string_to_array(:ids::text, :separator::text)) -- :ids
and workflow_uuid like any(string_to_array(:patterns::text, :separator::text)) -- :patterns
and ('a' < 'Z' or workflow_uuid >= :id_from::text) -- :id_from
and ('a' < 'Z' or workflow_uuid < :id_until::text) -- :id_until
and name = any(string_to_array(:names::text, :separator::text)) -- :names
and class_name = any(string_to_array(:class_names::text, :separator::text)) -- :class_names
and config_name = any(string_to_array(:configs::text, :separator::text)) -- :configs
and status = :status::text -- :status
and (false -- :statuses
or status = any(string_to_array(:in_flight::text, ',')) -- :in_flight
or status = 'DELAYED' -- :delayed
or status = any(string_to_array(:failed::text, ',')) -- :failed
or status = 'SUCCESS' -- :succeeded
) -- :statuses
and queue_name = any(string_to_array(:queues::text, :separator::text)) -- :queues
and queue_name is not null -- :is_queued
and deduplication_id = any(string_to_array(:keys::text, :separator::text)) -- :keys
and is_debounced = (:is_debounced::int = 1) -- :is_debounced
and authenticated_user = any(string_to_array(:users::text, :separator::text)) -- :users
and executor_id = any(string_to_array(:executors::text, :separator::text)) -- :executors
and application_version = any(string_to_array(:versions::text, :separator::text)) -- :versions
and (application_name is null or application_name = any( string_to_array(:applications::text, :separator::text) )) -- :applications
and forked_from = any(string_to_array(:origins::text, :separator::text)) -- :origins
and (forked_from is not null) = (:is_fork::int = 1) -- :is_fork
and was_forked_from = (:was_forked_from::int = 1) -- :was_forked_from
and parent_workflow_id = any(string_to_array(:parents::text, :separator::text)) -- :parents
and (parent_workflow_id is not null) = (:has_parent::int = 1) -- :has_parent
and schedule_name = any(string_to_array(:schedules::text, :separator::text)) -- :schedules
and attributes @> :attributes::text::jsonb -- :attributes
and created_at >= :created_from::bigint -- :created_from
and created_at <= :created_until::bigint -- :created_until
and started_at_epoch_ms >= :dequeued_from::bigint -- :dequeued_from
and started_at_epoch_ms <= :dequeued_until::bigint -- :dequeued_until
and completed_at >= :completed_from::bigint -- :completed_from
and completed_at <= :completed_until::bigint -- :completed_until
) as ws ) select
status, -- :by_status
name, -- :by_name
queue_name, -- :by_queue
application_version, -- :by_version
(created_at / :bucket_ms::bigint * :bucket_ms::bigint)::text as bucket, -- :bucket_ms
count(*)::text as count from matching group by
status, -- :by_status
name, -- :by_name
queue_name, -- :by_queue
application_version, -- :by_version
created_at / :bucket_ms::bigint, -- :bucket_ms
() order by
created_at / :bucket_ms::bigint, -- :bucket_ms
count(*) desc`,
};

export const createSchedule: Statement<{
  schedule: string;
}, {
  schedule_id: string | null;
  application_name: string | null;
}> = {
  name: "create_schedule",
  text:
    `with input as ( select * from json_to_recordset(:schedule::text::json) as input ( schedule_id text, schedule_name text, workflow_name text, workflow_class_name text, schedule text, context text, automatic_backfill boolean, cron_timezone text, queue_name text, application_name text ) ), inserted as ( insert into :schema.workflow_schedules ( schedule_id, schedule_name, workflow_name, workflow_class_name, schedule, context,
automatic_backfill, -- workflow_schedules.automatic_backfill
cron_timezone, -- workflow_schedules.cron_timezone
queue_name, -- workflow_schedules.queue_name
application_name, -- workflow_schedules.application_name
status ) select schedule_id, schedule_name, workflow_name, workflow_class_name, schedule, context,
automatic_backfill, -- workflow_schedules.automatic_backfill
cron_timezone, -- workflow_schedules.cron_timezone
queue_name, -- workflow_schedules.queue_name
application_name, -- workflow_schedules.application_name
'ACTIVE' from input on conflict do nothing returning schedule_id ) select
existing.application_name, -- workflow_schedules.application_name
existing.schedule_id from input left join :schema.workflow_schedules as existing using (schedule_name) where not exists (select from inserted)`,
};

export const debounce: Statement<{
  job: string;
}, {
  bounced_id: string | null;
  holder_id: string | null;
  is_debounced: boolean | null;
  name: string | null;
  class_name: string | null;
  application_name: string | null;
  is_outdated: boolean | null;
}> = {
  name: "debounce",
  text:
    `with job as ( select * from json_to_recordset(:job::text::json) as job ( name text, class_name text, queue_name text, deduplication_id text, application_name text, delay_ms bigint, is_of_any_class boolean, inputs text, serialization text ) ), bounced as ( update :schema.workflow_status as bounced set delay_until_epoch_ms = least( present.ms + job.delay_ms, bounced.debounce_deadline_epoch_ms ),
application_name = coalesce( bounced.application_name, job.application_name ), -- workflow_status.application_name
inputs = job.inputs, serialization = job.serialization, updated_at = present.ms from job, (select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present where bounced.queue_name = job.queue_name and bounced.deduplication_id = job.deduplication_id and bounced.name = job.name and (job.is_of_any_class or bounced.class_name is not distinct from job.class_name) and bounced.status = 'DELAYED' and bounced.is_debounced
and not exists ( select from pg_catalog.pg_class as here join pg_catalog.pg_class as beside using (relnamespace) where here.oid = bounced.tableoid and beside.relname = 'workflow_input' ) -- not workflow_input
and coalesce( bounced.application_name = job.application_name, true ) -- workflow_status.application_name
returning bounced.workflow_uuid ),
payload as ( insert into :schema.workflow_input (workflow_uuid, inputs) select bounced.workflow_uuid, job.inputs from bounced cross join job on conflict (workflow_uuid) do update set inputs = excluded.inputs ), -- workflow_input
holder as ( select
holder.tableoid, -- not workflow_input
holder.* from job join :schema.workflow_status as holder on holder.queue_name = job.queue_name and holder.deduplication_id = job.deduplication_id ) select bounced.workflow_uuid as bounced_id,
exists ( select from pg_catalog.pg_class as here join pg_catalog.pg_class as beside using (relnamespace) where here.oid = holder.tableoid and beside.relname = 'workflow_input' ) as is_outdated, -- not workflow_input
holder.is_debounced, holder.name, holder.class_name::text,
holder.application_name, -- workflow_status.application_name
holder.workflow_uuid as holder_id from job left join bounced on true left join holder on true`,
};

export const deleteQueue: Statement<{
  name: string;
}, Record<never, never>> = {
  name: "delete_queue",
  text: `delete from :schema.queues where name = :name::text`,
};

export const deleteSchedule: Statement<{
  name: string;
}, Record<never, never>> = {
  name: "delete_schedule",
  text: `delete from :schema.workflow_schedules where schedule_name = :name::text`,
};

export const deleteWorkflows: Statement<{
  workflow_ids: string;
  with_children: number;
}, Record<never, never>> = {
  name: "delete_workflows",
  text:
    `with recursive target as ( select json_array_elements_text(:workflow_ids::text::json) as workflow_uuid
union select child.workflow_uuid from target join :schema.workflow_status as child on child.parent_workflow_id = target.workflow_uuid where :with_children::int = 1 -- workflow_status.parent_workflow_id
),
deleted_inputs as ( delete from :schema.workflow_input where workflow_uuid = any(array(select workflow_uuid from target)) ), -- workflow_input
deleted_outputs as ( delete from :schema.workflow_output where workflow_uuid = any(array(select workflow_uuid from target)) ), -- workflow_output
deleted_steps as ( delete from :schema.operation_outputs where workflow_uuid = any(array(select workflow_uuid from target)) ) delete from :schema.workflow_status where workflow_uuid = any(array(select workflow_uuid from target))`,
};

export const describeSystemDatabase: Statement<Record<never, never>, {
  schema_version: string | null;
  application_names: string;
  queues: string;
}> = {
  name: "describe_system_database",
  text: `select coalesce(
(select max(version) from :schema.dbos_migrations)::text, -- dbos_migrations
null::text ) as schema_version, ( select coalesce(json_agg(owner.name order by owner.name), '[]')::text from ( select null::text as name
union select application_name from :schema.application_versions -- application_versions.application_name
union select application_name from :schema.queues -- queues.application_name
union select application_name from :schema.workflow_schedules -- workflow_schedules.application_name
) as owner where owner.name is not null ) as application_names, coalesce(
(select json_agg(name order by name) from :schema.queues)::text, -- queues
'[]' ) as queues`,
};

export const enqueue: Statement<{
  after: string;
  backlog: number;
  jobs: string;
  may_exist?: number | undefined;
}, {
  last_created_at: string | null;
  position: number | null;
  existing_id: string | null;
  existing_status: string | null;
  existing_name: string | null;
  existing_class_name: string | null;
  existing_config_name: string | null;
  is_own: boolean | null;
  holder_id: string | null;
}> = {
  name: "enqueue",
  text:
    `with job as ( select input.*, least(greatest(now_ms, :after::text::bigint + 1) + :backlog::int, now_ms + 1000) + input.position as created_at from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as now_ms) as clock cross join json_to_recordset(:jobs::text::json) as input ( position int, workflow_id text, name text, class_name text, config_name text, queue_name text, authenticated_user text, assumed_role text, authenticated_roles text, application_version text, application_name text, timeout_ms bigint, deadline_epoch_ms bigint, deduplication_id text, priority int, queue_partition_key text, delay_ms bigint, attributes jsonb, inputs text, serialization text, schedule_name text, is_debounced boolean, debounce_timeout_ms bigint, creator_xid text ) ), inserted as ( insert into :schema.workflow_status ( workflow_uuid, name, class_name, config_name, queue_name, authenticated_user, assumed_role, authenticated_roles, executor_id, application_version, application_id,
application_name, -- workflow_status.application_name
created_at, updated_at, recovery_attempts, workflow_timeout_ms, workflow_deadline_epoch_ms, deduplication_id, priority,
queue_partition_key, -- workflow_status.queue_partition_key
delay_until_epoch_ms, -- workflow_status.delay_until_epoch_ms
attributes, -- workflow_status.attributes
serialization, -- workflow_status.serialization
schedule_name, -- workflow_status.schedule_name
is_debounced, debounce_deadline_epoch_ms, -- workflow_status.is_debounced
creator_xid, -- workflow_status.creator_xid
owner_xid, -- workflow_status.owner_xid, not workflow_status.creator_xid
inputs, status ) select workflow_id, name, coalesce( class_name,
case serialization when 'js_superjson' then '' end, -- not workflow_status.serialization
null ), config_name, queue_name, coalesce(authenticated_user, ''), coalesce(assumed_role, ''), coalesce(authenticated_roles, '[]'), '', application_version, '',
application_name, -- workflow_status.application_name
created_at, created_at, 0, timeout_ms, deadline_epoch_ms, deduplication_id, coalesce(priority, 0),
queue_partition_key, -- workflow_status.queue_partition_key
created_at + least(delay_ms, debounce_timeout_ms), -- workflow_status.delay_until_epoch_ms
attributes, -- workflow_status.attributes
serialization, -- workflow_status.serialization
schedule_name, -- workflow_status.schedule_name
coalesce(is_debounced, false), created_at + debounce_timeout_ms, -- workflow_status.is_debounced
creator_xid, -- workflow_status.creator_xid
creator_xid, -- workflow_status.owner_xid, not workflow_status.creator_xid
inputs, case when delay_ms > 0 then 'DELAYED' else 'ENQUEUED' end from job
on conflict do nothing -- :may_exist
returning workflow_uuid, created_at, inputs ),
payload as ( insert into :schema.workflow_input (workflow_uuid, inputs) select workflow_uuid, inputs from inserted -- workflow_input
on conflict (workflow_uuid) do update set inputs = excluded.inputs -- workflow_input, :may_exist
), -- workflow_input
obstacle as ( select job.* from job where not exists ( select from inserted where inserted.workflow_uuid = job.workflow_id and inserted.created_at = job.created_at ) ), -- :may_exist
stamp as ( select max(created_at)::text as last_created_at from inserted ) select coalesce(
obstacle.position, -- :may_exist
null::int ) as position,
existing.workflow_uuid as existing_id, existing.status as existing_status, existing.name as existing_name, existing.class_name::text as existing_class_name, existing.config_name::text as existing_config_name, coalesce( -- :may_exist
existing.creator_xid = obstacle.creator_xid, -- workflow_status.creator_xid, :may_exist
existing.owner_xid = obstacle.creator_xid, -- workflow_status.owner_xid, not workflow_status.creator_xid, :may_exist
false ) as is_own, holder.workflow_uuid as holder_id, -- :may_exist
stamp.last_created_at from stamp
left join obstacle on true left join :schema.workflow_status as existing on existing.workflow_uuid = obstacle.workflow_id left join :schema.workflow_status as holder on holder.queue_name = obstacle.queue_name and holder.deduplication_id = obstacle.deduplication_id -- :may_exist`,
};

export const findFeatures: Statement<{
  schema_name: string;
}, {
  database: string;
  columns: string | null;
}> = {
  name: "find_features",
  text:
    `select current_database()::text as database, string_agg(c.relname || '.' || a.attname, ' ') as columns from pg_catalog.pg_attribute as a join pg_catalog.pg_class as c on c.oid = a.attrelid join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where n.nspname = :schema_name::text and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped`,
};

export const findSchedule: Statement<{
  name: string;
  application_name: string | null;
}, {
  workflow_name: string;
  workflow_class_name: string | null;
  schedule: string;
  context: string;
  cron_timezone: string | null;
  queue_name: string | null;
  application_name: string | null;
  latest_version: string | null;
}> = {
  name: "find_schedule",
  text: `with found as ( select entry.*, coalesce(
entry.application_name, -- workflow_schedules.application_name
:application_name::text ) as owner from :schema.workflow_schedules as entry where entry.schedule_name = :name::text ) select workflow_name, workflow_class_name, schedule,
cron_timezone, -- workflow_schedules.cron_timezone
queue_name, -- workflow_schedules.queue_name
owner as application_name,
( select version.version_name from :schema.application_versions as version where true -- application_versions
and coalesce( version.application_name = owner, true ) -- application_versions.application_name
order by version.version_timestamp desc limit 1 ) as latest_version, -- application_versions
context from found`,
};

export const forkWorkflows: Statement<{
  forks: string;
}, {
  position: number;
  has_original: boolean;
  is_own: boolean;
  existing_status: string | null;
  existing_name: string | null;
  is_outdated: boolean | null;
}> = {
  name: "fork_workflows",
  text:
    `with fork as ( select input.*, (extract(epoch from statement_timestamp()) * 1000)::bigint + input.position as created_at, original.workflow_uuid is not null as has_original, coalesce(
original.application_name, -- workflow_status.application_name
input.client_application_name ) as application_name,
exists ( select from pg_catalog.pg_class as here join pg_catalog.pg_class as beside using (relnamespace) where here.oid = original.tableoid and beside.relname = 'workflow_input' ) as is_outdated, -- not workflow_input
existing.status as existing_status, existing.name as existing_name, coalesce(
existing.creator_xid = input.creator_xid, -- workflow_status.creator_xid
existing.forked_from = input.original_id, -- not workflow_status.creator_xid
false ) as is_own from json_to_recordset(:forks::text::json) as input ( position int, original_id text, fork_id text, start_step int, queue_name text, queue_partition_key text, application_version text, client_application_name text, timeout_ms bigint, replacement_children jsonb, creator_xid text ) left join :schema.workflow_status as original on original.workflow_uuid = input.original_id left join :schema.workflow_status as existing on existing.workflow_uuid = input.fork_id ), inserted as ( insert into :schema.workflow_status ( workflow_uuid, status, class_name, config_name, queue_name, authenticated_user, assumed_role, authenticated_roles, application_version, application_id,
application_name, -- workflow_status.application_name
created_at, updated_at, workflow_timeout_ms,
queue_partition_key, -- workflow_status.queue_partition_key
attributes, -- workflow_status.attributes
serialization, -- workflow_status.serialization
creator_xid, -- workflow_status.creator_xid
forked_from, -- workflow_status.forked_from
inputs, name ) select fork.fork_id, 'ENQUEUED', original.class_name, original.config_name, fork.queue_name, original.authenticated_user, original.assumed_role, original.authenticated_roles, coalesce(fork.application_version, original.application_version), original.application_id,
fork.application_name, -- workflow_status.application_name
fork.created_at, fork.created_at, fork.timeout_ms,
fork.queue_partition_key, -- workflow_status.queue_partition_key
original.attributes, -- workflow_status.attributes
original.serialization, -- workflow_status.serialization
fork.creator_xid, -- workflow_status.creator_xid
fork.original_id, -- workflow_status.forked_from
coalesce(
payload.inputs, -- workflow_input
original.inputs ), original.name from fork join :schema.workflow_status as original on original.workflow_uuid = fork.original_id
left join :schema.workflow_input as payload on payload.workflow_uuid = fork.original_id -- workflow_input
where not exists ( select from fork where not has_original
or is_outdated -- not workflow_input
or (existing_status is not null and not is_own) ) order by fork.position on conflict do nothing returning workflow_uuid, inputs ), copy as ( select fork.* from fork join inserted on inserted.workflow_uuid = fork.fork_id ),
marked as ( update :schema.workflow_status set was_forked_from = true where workflow_uuid = any(array(select original_id from copy)) and not was_forked_from ), -- workflow_status.was_forked_from
payload as ( insert into :schema.workflow_input (workflow_uuid, inputs) select workflow_uuid, inputs from inserted on conflict (workflow_uuid) do update set inputs = excluded.inputs ), -- workflow_input
steps as ( insert into :schema.operation_outputs ( workflow_uuid, function_id, function_name, output, error,
serialization, -- operation_outputs.serialization
started_at_epoch_ms, -- operation_outputs.started_at_epoch_ms
completed_at_epoch_ms, -- operation_outputs.completed_at_epoch_ms
application_name, -- operation_outputs.application_name
child_workflow_id ) select copy.fork_id, step.function_id, step.function_name, step.output, step.error,
step.serialization, -- operation_outputs.serialization
step.started_at_epoch_ms, -- operation_outputs.started_at_epoch_ms
step.completed_at_epoch_ms, -- operation_outputs.completed_at_epoch_ms
copy.application_name, -- operation_outputs.application_name
coalesce(copy.replacement_children ->> step.child_workflow_id, step.child_workflow_id) from copy join :schema.operation_outputs as step on step.workflow_uuid = copy.original_id and step.function_id < copy.start_step ), stream_values as ( insert into :schema.streams ( workflow_uuid, key, value,
serialization, -- streams.serialization
"offset", function_id ) select copy.fork_id, stream.key, stream.value,
stream.serialization, -- streams.serialization
stream."offset", stream.function_id from copy join :schema.streams as stream on stream.workflow_uuid = copy.original_id and stream.function_id < copy.start_step ), published as ( select copy.fork_id, history.* from copy join :schema.workflow_events_history as history on history.workflow_uuid = copy.original_id and history.function_id < copy.start_step ), history as ( insert into :schema.workflow_events_history ( workflow_uuid, function_id, key,
serialization, -- workflow_events.serialization
value ) select fork_id, function_id, key,
serialization, -- workflow_events.serialization
value from published ), events as ( insert into :schema.workflow_events ( workflow_uuid, key,
serialization, -- workflow_events.serialization
value ) select distinct on (fork_id, key) fork_id, key,
serialization, -- workflow_events.serialization
value from published order by fork_id, key, function_id desc ) select position, has_original, is_own,
is_outdated, -- not workflow_input
existing_status, existing_name from fork where not exists (select from inserted where inserted.workflow_uuid = fork.fork_id)`,
};

export const getAllEvents: Statement<{
  workflow_id: string;
}, {
  key: string;
  value: string | null;
  serialization: string | null;
}> = {
  name: "get_all_events",
  text: `select event.key, event.value, coalesce(
event.serialization, -- workflow_events.serialization
null::text ) as serialization from :schema.workflow_events as event where event.workflow_uuid = :workflow_id::text order by event.key`,
};

export const limitTime: Statement<{
  timeout_ms: number;
}, Record<never, never>> = {
  name: "limit_time",
  text: `set local statement_timeout = :timeout_ms`,
};

export const listApplicationVersions: Statement<{
  application_names: string | null;
  most: number | null;
}, {
  version_id: string;
  version_name: string;
  application_name: string | null;
  version_timestamp: string;
  created_at: string;
}> = {
  name: "list_application_versions",
  text: `select version_id, version_name,
application_name, -- application_versions.application_name
version_timestamp::text, created_at::text from :schema.application_versions as version where true
and ( application_name is null or :application_names::text is null or application_name in ( select json_array_elements_text( :application_names::text::json ) ) ) -- application_versions.application_name
order by version.version_timestamp desc limit :most::int`,
};

export const listQueues: Statement<{
  name: string | null;
  application_names: string | null;
}, {
  name: string;
  concurrency: number | null;
  worker_concurrency: number | null;
  rate_limit_max: number | null;
  rate_limit_period_sec: string | null;
  partition_concurrency: number | null;
  partition_worker_concurrency: number | null;
  partition_rate_limit_max: number | null;
  partition_rate_limit_period_sec: string | null;
  polling_interval_sec: string;
  application_name: string | null;
}> = {
  name: "list_queues",
  text: `select name, concurrency, worker_concurrency, rate_limit_max, rate_limit_period_sec::text,
partition_concurrency, partition_worker_concurrency, partition_rate_limit_max, partition_rate_limit_period_sec::text, -- queues.partition_concurrency
application_name, -- queues.application_name
polling_interval_sec::text from :schema.queues where coalesce(name = :name::text, true)
and ( application_name is null or :application_names::text is null or application_name in ( select json_array_elements_text(:application_names::text::json) ) ) -- queues.application_name
order by name`,
};

export const listSchedules: Statement<{
  names: string | null;
  prefixes: string | null;
  statuses: string | null;
  workflow_names: string | null;
  application_names: string | null;
}, {
  schedule_id: string;
  schedule_name: string;
  workflow_name: string;
  workflow_class_name: string | null;
  schedule: string;
  status: string;
  context: string;
  last_fired_at: string | null;
  automatic_backfill: boolean;
  cron_timezone: string | null;
  queue_name: string | null;
  application_name: string | null;
}> = {
  name: "list_schedules",
  text: `select schedule_id, schedule_name, workflow_name, workflow_class_name, schedule, status,
last_fired_at, -- workflow_schedules.last_fired_at
automatic_backfill, -- workflow_schedules.automatic_backfill
cron_timezone, -- workflow_schedules.cron_timezone
queue_name, -- workflow_schedules.queue_name
application_name, -- workflow_schedules.application_name
context from :schema.workflow_schedules where ( :names::text is null or schedule_name in (select json_array_elements_text(:names::text::json)) ) and ( :prefixes::text is null or exists ( select from json_array_elements_text(:prefixes::text::json) as prefix where starts_with(schedule_name, prefix) ) ) and ( :statuses::text is null or status in (select json_array_elements_text(:statuses::text::json)) ) and ( :workflow_names::text is null or workflow_name in (select json_array_elements_text(:workflow_names::text::json)) )
and ( application_name is null or :application_names::text is null or application_name in ( select json_array_elements_text( :application_names::text::json ) ) ) -- workflow_schedules.application_name
order by schedule_name`,
};

export const listSteps: Statement<{
  workflow_id: string;
  limit?: number | undefined;
  offset?: number | undefined;
  load_output?: number | undefined;
}, {
  function_id: number | null;
  name: string | null;
  output: string | null;
  error: string | null;
  serialization: string | null;
  child_workflow_id: string | null;
  started_at_epoch_ms: string | null;
  completed_at_epoch_ms: string | null;
}> = {
  name: "list_steps",
  text: `select step.function_id, step.function_name as name, case when false
or true -- :load_output
then step.output end as output, case when false
or true -- :load_output
then step.error end as error, coalesce(
step.serialization, -- operation_outputs.serialization
null::text ) as serialization, step.child_workflow_id, coalesce(
step.started_at_epoch_ms::text, -- operation_outputs.started_at_epoch_ms
null::text ) as started_at_epoch_ms, coalesce(
step.completed_at_epoch_ms::text, -- operation_outputs.completed_at_epoch_ms
null::text ) as completed_at_epoch_ms from :schema.workflow_status as ws left join lateral ( select * from :schema.operation_outputs as step where step.workflow_uuid = ws.workflow_uuid order by step.function_id
limit :limit::int -- :limit
offset :offset::int -- :offset
) as step on true where ws.workflow_uuid = :workflow_id::text order by step.function_id`,
};

export const listWorkflows: Statement<{
  workflow_id?: string | undefined;
  separator: string;
  ids?: string | undefined;
  patterns?: string | undefined;
  id_from?: string | undefined;
  id_until?: string | undefined;
  names?: string | undefined;
  class_names?: string | undefined;
  configs?: string | undefined;
  status?: string | undefined;
  statuses?: number | undefined;
  in_flight?: string | undefined;
  delayed?: number | undefined;
  failed?: string | undefined;
  succeeded?: number | undefined;
  queues?: string | undefined;
  is_queued?: number | undefined;
  keys?: string | undefined;
  is_debounced?: number | undefined;
  users?: string | undefined;
  executors?: string | undefined;
  versions?: string | undefined;
  applications?: string | undefined;
  origins?: string | undefined;
  is_fork?: number | undefined;
  was_forked_from?: number | undefined;
  parents?: string | undefined;
  has_parent?: number | undefined;
  schedules?: string | undefined;
  attributes?: string | undefined;
  created_from?: number | undefined;
  created_until?: number | undefined;
  dequeued_from?: number | undefined;
  dequeued_until?: number | undefined;
  completed_from?: number | undefined;
  completed_until?: number | undefined;
  is_few?: number | undefined;
  after_time?: number | undefined;
  before_time?: number | undefined;
  edge_id: string;
  sort_desc?: number | undefined;
  limit?: number | undefined;
  offset?: number | undefined;
  load_input?: number | undefined;
  load_output?: number | undefined;
}, {
  workflow_id: string;
  status: string;
  name: string;
  class_name: string | null;
  config_name: string | null;
  queue_name: string | null;
  authenticated_user: string | null;
  assumed_role: string | null;
  authenticated_roles: string | null;
  inputs: string | null;
  output: string | null;
  error: string | null;
  serialization: string | null;
  executor_id: string | null;
  application_version: string | null;
  application_name: string | null;
  recovery_attempts: string | null;
  created_at: string;
  updated_at: string | null;
  timeout_ms: string | null;
  deadline_epoch_ms: string | null;
  deduplication_id: string | null;
  priority: number | null;
  queue_partition_key: string | null;
  started_at_epoch_ms: string | null;
  delay_until_epoch_ms: string | null;
  completed_at: string | null;
  forked_from: string | null;
  was_forked_from: boolean | null;
  parent_workflow_id: string | null;
  attributes: string | null;
  schedule_name: string | null;
  is_outdated: boolean | null;
}> = {
  name: "list_workflows",
  text:
    `with matching as ( select ws.* from ( select null::text as forked_from, null::text as parent_workflow_id, false as was_forked_from, null::bigint as completed_at, null::jsonb as attributes, null::text as schedule_name, false as is_debounced, null::text as application_name ) as absent cross join lateral ( select * from :schema.workflow_status where true
and workflow_uuid = :workflow_id::text -- :workflow_id
and workflow_uuid = any(string_to_array(:ids::text, :separator::text)) -- :ids
and workflow_uuid like any(string_to_array(:patterns::text, :separator::text)) -- :patterns
and ('a' < 'Z' or workflow_uuid >= :id_from::text) -- :id_from
and ('a' < 'Z' or workflow_uuid < :id_until::text) -- :id_until
and name = any(string_to_array(:names::text, :separator::text)) -- :names
and class_name = any(string_to_array(:class_names::text, :separator::text)) -- :class_names
and config_name = any(string_to_array(:configs::text, :separator::text)) -- :configs
and status = :status::text -- :status
and (false -- :statuses
or status = any(string_to_array(:in_flight::text, ',')) -- :in_flight
or status = 'DELAYED' -- :delayed
or status = any(string_to_array(:failed::text, ',')) -- :failed
or status = 'SUCCESS' -- :succeeded
) -- :statuses
and queue_name = any(string_to_array(:queues::text, :separator::text)) -- :queues
and queue_name is not null -- :is_queued
and deduplication_id = any(string_to_array(:keys::text, :separator::text)) -- :keys
and is_debounced = (:is_debounced::int = 1) -- :is_debounced
and authenticated_user = any(string_to_array(:users::text, :separator::text)) -- :users
and executor_id = any(string_to_array(:executors::text, :separator::text)) -- :executors
and application_version = any(string_to_array(:versions::text, :separator::text)) -- :versions
and (application_name is null or application_name = any( string_to_array(:applications::text, :separator::text) )) -- :applications
and forked_from = any(string_to_array(:origins::text, :separator::text)) -- :origins
and (forked_from is not null) = (:is_fork::int = 1) -- :is_fork
and was_forked_from = (:was_forked_from::int = 1) -- :was_forked_from
and parent_workflow_id = any(string_to_array(:parents::text, :separator::text)) -- :parents
and (parent_workflow_id is not null) = (:has_parent::int = 1) -- :has_parent
and schedule_name = any(string_to_array(:schedules::text, :separator::text)) -- :schedules
and attributes @> :attributes::text::jsonb -- :attributes
and created_at >= :created_from::bigint -- :created_from
and created_at <= :created_until::bigint -- :created_until
and started_at_epoch_ms >= :dequeued_from::bigint -- :dequeued_from
and started_at_epoch_ms <= :dequeued_until::bigint -- :dequeued_until
and completed_at >= :completed_from::bigint -- :completed_from
and completed_at <= :completed_until::bigint -- :completed_until
and (created_at, workflow_uuid) > (:after_time::bigint, :edge_id::text) -- :after_time
and (created_at, workflow_uuid) < (:before_time::bigint, :edge_id::text) -- :before_time
offset 0 -- :is_few
) as ws ), page as ( select * from matching order by
created_at desc, workflow_uuid desc, -- :sort_desc
created_at, workflow_uuid
limit :limit::int -- :limit
offset :offset::int -- :offset
) select ws.workflow_uuid as workflow_id, ws.status, ws.name, ws.class_name::text, ws.config_name::text, ws.queue_name, ws.authenticated_user, ws.assumed_role, ws.authenticated_roles, coalesce(
wi.inputs, -- workflow_input, :load_input
ws.inputs, -- :load_input
null::text ) as inputs, coalesce(
wo.output, -- workflow_output, :load_output
ws.output, -- :load_output
null::text ) as output, coalesce(
wo.error, -- workflow_output, :load_output
ws.error, -- :load_output
null::text ) as error,
exists ( select from :schema.workflow_status as own join pg_catalog.pg_class as here on here.oid = own.tableoid join pg_catalog.pg_class as beside using (relnamespace) where own.workflow_uuid = ws.workflow_uuid and beside.relname = 'workflow_output' ) as is_outdated, -- not workflow_output
ws.serialization, -- workflow_status.serialization
ws.executor_id, ws.application_version,
ws.application_name, -- workflow_status.application_name
ws.recovery_attempts::text, ws.updated_at::text, ws.workflow_timeout_ms::text as timeout_ms, ws.workflow_deadline_epoch_ms::text as deadline_epoch_ms, ws.deduplication_id, ws.priority,
ws.queue_partition_key, -- workflow_status.queue_partition_key
ws.started_at_epoch_ms::text,
ws.delay_until_epoch_ms::text, -- workflow_status.delay_until_epoch_ms
ws.completed_at::text, -- workflow_status.completed_at
ws.forked_from, -- workflow_status.forked_from
ws.was_forked_from, -- workflow_status.was_forked_from
ws.parent_workflow_id, -- workflow_status.parent_workflow_id
ws.attributes::text, -- workflow_status.attributes
ws.schedule_name, -- workflow_status.schedule_name
ws.created_at::text from page as ws
left join lateral ( select inputs from :schema.workflow_input where workflow_uuid = ws.workflow_uuid limit 1 ) as wi on true -- workflow_input, :load_input
left join lateral ( select output, error from :schema.workflow_output where workflow_uuid = ws.workflow_uuid limit 1 ) as wo on true -- workflow_output, :load_output
order by
ws.created_at desc, ws.workflow_uuid desc, -- :sort_desc
ws.created_at, ws.workflow_uuid`,
};

export const look: Statement<{
  outcomes: string;
  events: string;
  ends: string;
  streams: string;
  most_rows: number;
}, {
  kind: string;
  position: number;
  workflow_id: string;
  status: string | null;
  value: string | null;
  error: string | null;
  serialization: string | null;
  is_outdated: boolean | null;
  ended_at: string | null;
}> = {
  name: "look",
  text:
    `select 'outcome' as kind, (wanted.position - 1)::int as position, ws.workflow_uuid as workflow_id, ws.status, coalesce(
wo.output, -- workflow_output
ws.output ) as value, coalesce(
wo.error, -- workflow_output
ws.error ) as error, coalesce(
ws.serialization, -- workflow_status.serialization
null::text ) as serialization,
exists ( select from pg_catalog.pg_class as here join pg_catalog.pg_class as beside using (relnamespace) where here.oid = ws.tableoid and beside.relname = 'workflow_output' ) as is_outdated, -- not workflow_output
coalesce(
ws.completed_at, -- workflow_status.completed_at
ws.updated_at )::text as ended_at from json_array_elements_text(:outcomes::text::json) with ordinality as wanted (workflow_id, position) cross join lateral ( select workflow_uuid, output, error,
serialization, -- workflow_status.serialization
tableoid, -- not workflow_output
completed_at, -- workflow_status.completed_at
updated_at, status from :schema.workflow_status where workflow_uuid = wanted.workflow_id limit 1 ) as ws
left join :schema.workflow_output as wo using (workflow_uuid) -- workflow_output
where ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED') union all select 'event', (wanted.position - 1)::int, event.workflow_uuid, null, event.value, null, coalesce(
event.serialization, -- workflow_events.serialization
null::text ),
null, -- not workflow_output
null from rows from ( json_to_recordset(:events::text::json) as (workflow_id text, key text) ) with ordinality as wanted (workflow_id, key, position) join :schema.workflow_events as event on event.workflow_uuid = wanted.workflow_id and event.key = wanted.key union all select 'end', (wanted.position - 1)::int, ws.workflow_uuid, ws.status, null, null, null,
null, -- not workflow_output
coalesce(
ws.completed_at, -- workflow_status.completed_at
ws.updated_at )::text from json_array_elements_text(:ends::text::json) with ordinality as wanted (workflow_id, position) cross join lateral ( select workflow_uuid,
completed_at, -- workflow_status.completed_at
updated_at, status from :schema.workflow_status where workflow_uuid = wanted.workflow_id limit 1 ) as ws where ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED') union all select 'stream', (wanted.position - 1)::int, wanted.workflow_id, ws.status, available.pairs, null, null,
null, -- not workflow_output
null from rows from ( json_to_recordset(:streams::text::json) as (workflow_id text, key text, "offset" bigint, most bigint) ) with ordinality as wanted (workflow_id, key, "offset", most, position) left join :schema.workflow_status as ws on ws.workflow_uuid = wanted.workflow_id cross join lateral ( select json_agg(json_build_array(value, serialization) order by "offset")::text as pairs from ( select stream.value, coalesce(
stream.serialization, -- streams.serialization
null::text ) as serialization, stream."offset", wanted."offset" - 1 + row_number() over (order by stream."offset") as expected from :schema.streams as stream where stream.workflow_uuid = wanted.workflow_id and stream.key = wanted.key and stream."offset" >= wanted."offset" and stream."offset" < wanted."offset" + wanted.most ) as following where "offset" = expected ) as available where available.pairs is not null or ws.status is null or ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED') limit :most_rows::int`,
};

export const notify: Statement<{
  channel: string;
  payload: string;
}, Record<never, never>> = {
  name: "notify",
  text: `select from pg_notify(:channel::text, :payload::text)`,
};

export const registerQueue: Statement<{
  queue: string;
  on_conflict: string;
}, {
  name: string;
  concurrency: number | null;
  worker_concurrency: number | null;
  rate_limit_max: number | null;
  rate_limit_period_sec: string | null;
  partition_concurrency: number | null;
  partition_worker_concurrency: number | null;
  partition_rate_limit_max: number | null;
  partition_rate_limit_period_sec: string | null;
  polling_interval_sec: string;
  application_name: string | null;
}> = {
  name: "register_queue",
  text:
    `with input as ( select * from json_to_recordset(:queue::text::json) as input ( name text, concurrency int, worker_concurrency int, rate_limit_max int, rate_limit_period_sec double precision, partition_concurrency int, partition_worker_concurrency int, partition_rate_limit_max int, partition_rate_limit_period_sec double precision, partition_queue boolean, polling_interval_sec double precision, application_name text ) ), registered as ( insert into :schema.queues as queue ( name, concurrency, worker_concurrency, rate_limit_max, rate_limit_period_sec,
partition_concurrency, partition_worker_concurrency, partition_rate_limit_max, partition_rate_limit_period_sec, partition_queue, -- queues.partition_concurrency
application_name, -- queues.application_name
polling_interval_sec, priority_enabled, updated_at ) select name, concurrency, worker_concurrency, rate_limit_max, rate_limit_period_sec,
partition_concurrency, partition_worker_concurrency, partition_rate_limit_max, partition_rate_limit_period_sec, partition_queue, -- queues.partition_concurrency
application_name, -- queues.application_name
polling_interval_sec, true, (extract(epoch from statement_timestamp()) * 1000)::bigint from input on conflict (name) do update set concurrency = excluded.concurrency, worker_concurrency = excluded.worker_concurrency, rate_limit_max = excluded.rate_limit_max, rate_limit_period_sec = excluded.rate_limit_period_sec,
partition_concurrency = excluded.partition_concurrency, partition_worker_concurrency = excluded.partition_worker_concurrency, partition_rate_limit_max = excluded.partition_rate_limit_max, partition_rate_limit_period_sec = excluded.partition_rate_limit_period_sec, partition_queue = excluded.partition_queue, -- queues.partition_concurrency
application_name = coalesce(queue.application_name, excluded.application_name), -- queues.application_name
polling_interval_sec = excluded.polling_interval_sec, priority_enabled = excluded.priority_enabled, updated_at = excluded.updated_at where :on_conflict::text = 'always_update'
and coalesce( queue.application_name = excluded.application_name, true ) -- queues.application_name
returning queue.* ), found as ( select * from registered union all select * from :schema.queues where name in (select name from input) and not exists (select from registered) ) select name, concurrency, worker_concurrency, rate_limit_max, rate_limit_period_sec::text,
partition_concurrency, partition_worker_concurrency, partition_rate_limit_max, partition_rate_limit_period_sec::text, -- queues.partition_concurrency
application_name, -- queues.application_name
polling_interval_sec::text from found`,
};

export const renameApplication: Statement<{
  new_name: string;
  old_name: string | null;
  adopt_unclaimed: number;
}, {
  queues: number;
  schedules: number;
  versions: number;
  workflows: number;
}> = {
  name: "rename_application",
  text:
    `with moved_queues as ( update :schema.queues set application_name = :new_name::text where application_name = :old_name::text or application_name is null and :adopt_unclaimed::int = 1 returning name ), moved_schedules as ( update :schema.workflow_schedules set application_name = :new_name::text where application_name = :old_name::text or application_name is null and :adopt_unclaimed::int = 1 returning schedule_id ), moved_versions as ( update :schema.application_versions set application_name = :new_name::text where application_name = :old_name::text or application_name is null and :adopt_unclaimed::int = 1 returning version_id ), moved_workflows as ( update :schema.workflow_status set application_name = :new_name::text where status in ('PENDING', 'ENQUEUED', 'DELAYED') and ( application_name = :old_name::text or application_name is null and :adopt_unclaimed::int = 1 ) returning workflow_uuid ) select (select count(*) from moved_queues)::int as queues, (select count(*) from moved_schedules)::int as schedules, (select count(*) from moved_versions)::int as versions, (select count(*) from moved_workflows)::int as workflows`,
};

export const renameSteps: Statement<{
  old_name: string | null;
  adopt_unclaimed: number;
  after: string;
  most: number | null;
  new_name: string;
}, {
  moved: number;
  last_id: string | null;
}> = {
  name: "rename_steps",
  text:
    `with batch as ( select max(workflow_uuid) as last_id from ( select workflow_uuid from :schema.operation_outputs where ( application_name = :old_name::text or application_name is null and :adopt_unclaimed::int = 1 ) and workflow_uuid > :after::text order by workflow_uuid limit :most::int ) as batch ), moved as ( update :schema.operation_outputs set application_name = :new_name::text where ( application_name = :old_name::text or application_name is null and :adopt_unclaimed::int = 1 ) and workflow_uuid > :after::text and workflow_uuid <= (select last_id from batch) returning workflow_uuid ) select (select count(*) from moved)::int as moved, last_id from batch`,
};

export const renameWorkflows: Statement<{
  old_name: string | null;
  adopt_unclaimed: number;
  after: string;
  most: number | null;
  new_name: string;
}, {
  moved: number;
  last_id: string | null;
}> = {
  name: "rename_workflows",
  text:
    `with batch as ( select max(workflow_uuid) as last_id from ( select workflow_uuid from :schema.workflow_status where ( application_name = :old_name::text or application_name is null and :adopt_unclaimed::int = 1 ) and workflow_uuid > :after::text order by workflow_uuid limit :most::int ) as batch ), moved as ( update :schema.workflow_status set application_name = :new_name::text where ( application_name = :old_name::text or application_name is null and :adopt_unclaimed::int = 1 ) and workflow_uuid > :after::text and workflow_uuid <= (select last_id from batch) returning workflow_uuid ) select (select count(*) from moved)::int as moved, last_id from batch`,
};

export const resumeWorkflows: Statement<{
  workflow_ids: string;
  queue_name: string;
}, {
  missing_id: string;
}> = {
  name: "resume_workflows",
  text:
    `with requested as ( select distinct json_array_elements_text(:workflow_ids::text::json) as workflow_uuid ), missing as ( select workflow_uuid from requested where not exists ( select from :schema.workflow_status as ws where ws.workflow_uuid = requested.workflow_uuid ) ), resumed as ( update :schema.workflow_status set status = 'ENQUEUED',
owner_xid = null, -- workflow_status.owner_xid
queue_name = :queue_name::text, recovery_attempts = 0, workflow_deadline_epoch_ms = null, deduplication_id = null, started_at_epoch_ms = null,
completed_at = null, -- workflow_status.completed_at
updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint where workflow_uuid = any(array(select workflow_uuid from requested)) and status not in ('SUCCESS', 'ERROR') and not exists (select from missing) ) select workflow_uuid as missing_id from missing order by missing_id`,
};

export const rewindWorkflow: Statement<{
  workflow_id: string;
  start_step: number;
  queue_name: string;
  queue_partition_key: string | null;
  application_version: string | null;
  creator_xid: string;
}, {
  status: string;
  is_rewound: boolean;
}> = {
  name: "rewind_workflow",
  text:
    `with target as ( select workflow_uuid from :schema.workflow_status where workflow_uuid = :workflow_id::text and status not in ('PENDING', 'ENQUEUED', 'DELAYED')
and creator_xid is distinct from :creator_xid::text -- workflow_status.creator_xid
for no key update ), history as ( select history.* from target join :schema.workflow_events_history as history using (workflow_uuid) ), undone_event as ( select distinct workflow_uuid, key from history where function_id >= :start_step::int ), earlier_event as ( select distinct on (key) history.* from history where function_id < :start_step::int order by key, function_id desc ), restored_events as ( update :schema.workflow_events as event set
serialization = earlier_event.serialization, -- workflow_events.serialization
value = earlier_event.value from undone_event join earlier_event using (workflow_uuid, key) where event.workflow_uuid = undone_event.workflow_uuid and event.key = undone_event.key ), deleted_events as ( delete from :schema.workflow_events as event using undone_event where event.workflow_uuid = undone_event.workflow_uuid and event.key = undone_event.key and not exists (select from earlier_event where earlier_event.key = event.key) ), deleted_history as ( delete from :schema.workflow_events_history where workflow_uuid in (select workflow_uuid from target) and function_id >= :start_step::int ), deleted_stream_ends as ( delete from :schema.streams where workflow_uuid in (select workflow_uuid from target) and function_id >= :start_step::int and value in ( '"__DBOS_STREAM_CLOSED__"', '__DBOS_STREAM_CLOSED__', 'gASVGgAAAAAAAACMFl9fREJPU19TVFJFQU1fQ0xPU0VEX1+ULg==', 'gAWVGgAAAAAAAACMFl9fREJPU19TVFJFQU1fQ0xPU0VEX1+ULg==' ) ), deleted_steps as ( delete from :schema.operation_outputs where workflow_uuid in (select workflow_uuid from target) and function_id >= :start_step::int ), deleted_messages as ( delete from :schema.notifications where destination_uuid in (select workflow_uuid from target)
and ( not consumed -- notifications.consumed
or consumed_by_function_id >= :start_step::int -- notifications.consumed_by_function_id
) -- notifications.consumed
),
deleted_output as ( delete from :schema.workflow_output where workflow_uuid in (select workflow_uuid from target) ), -- workflow_output
rewound as ( update :schema.workflow_status set status = 'ENQUEUED',
owner_xid = null, -- workflow_status.owner_xid
queue_name = :queue_name::text,
queue_partition_key = :queue_partition_key::text, -- workflow_status.queue_partition_key
application_version = coalesce(:application_version::text, application_version), recovery_attempts = 0, workflow_deadline_epoch_ms = null, deduplication_id = null, started_at_epoch_ms = null,
completed_at = null, -- workflow_status.completed_at
output = null, error = null,
creator_xid = :creator_xid::text, -- workflow_status.creator_xid
updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint where workflow_uuid in (select workflow_uuid from target) returning workflow_uuid ) select status, coalesce(
creator_xid = :creator_xid::text, -- workflow_status.creator_xid
false ) or exists (select from rewound) as is_rewound from :schema.workflow_status where workflow_uuid = :workflow_id::text`,
};

export const send: Statement<{
  after: string;
  backlog: number;
  messages: string;
  may_exist?: number | undefined;
}, {
  last_created_at: string | null;
  position: number | null;
}> = {
  name: "send",
  text:
    `with message as ( select input.*, least(greatest(now_ms, :after::text::bigint + 1) + :backlog::int, now_ms + 1000) + input.position as created_at, destination.workflow_uuid is not null as has_destination from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as now_ms) as clock cross join json_to_recordset(:messages::text::json) as input ( position int, message_id text, destination_id text, topic text, message text, serialization text ) left join lateral ( select workflow_uuid from :schema.workflow_status where workflow_uuid = input.destination_id for key share ) as destination on true ), sent as ( insert into :schema.notifications ( message_uuid, destination_uuid, topic,
serialization, -- notifications.serialization
created_at_epoch_ms, message ) select message.message_id, message.destination_id, message.topic,
message.serialization, -- notifications.serialization
message.created_at, message.message from message where message.has_destination
and not exists ( select from :schema.notifications as other where other.destination_uuid = message.destination_id and other.message_uuid = message.message_id ) and not exists ( select from message as other where other.position < message.position and other.message_id = message.message_id ) -- not notifications.serialization
order by message.position
on conflict do nothing -- :may_exist
) select max(created_at)::text as last_created_at, null::int as position from message union all select null, position from message where not has_destination`,
};

export const sendToForks: Statement<{
  after: string;
  backlog: number;
  messages: string;
  may_exist?: number | undefined;
}, {
  last_created_at: string | null;
  position: number | null;
}> = {
  name: "send_to_forks",
  text:
    `with recursive message as ( select input.*, least(greatest(now_ms, :after::text::bigint + 1) + :backlog::int, now_ms + 1000) as first_created_at from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as now_ms) as clock cross join json_to_recordset(:messages::text::json) as input ( position int, message_id text, fork_prefix text, destination_id text, topic text, message text, serialization text ) ), recipient as ( select position, destination_id as workflow_id from message
union select message.position, fork.workflow_uuid from recipient join message on message.position = recipient.position and message.fork_prefix is not null join :schema.workflow_status as fork on fork.forked_from = recipient.workflow_id -- workflow_status.forked_from
), delivery as ( select message.*, recipient.workflow_id, first_created_at - 1 + row_number() over (partition by recipient.workflow_id order by position) as created_at from recipient join message using (position) ), destination as ( select workflow_uuid from :schema.workflow_status where workflow_uuid in (select workflow_id from delivery) for key share ), sent as ( insert into :schema.notifications ( message_uuid, destination_uuid, topic,
serialization, -- notifications.serialization
created_at_epoch_ms, message ) select case when delivery.workflow_id = delivery.destination_id then delivery.message_id else delivery.fork_prefix || delivery.workflow_id end, delivery.workflow_id, delivery.topic,
delivery.serialization, -- notifications.serialization
delivery.created_at, delivery.message from delivery join destination on destination.workflow_uuid = delivery.workflow_id where exists ( select from destination where destination.workflow_uuid = delivery.destination_id ) order by delivery.position
on conflict do nothing -- :may_exist
) select stamp.last_created_at, message.position from (select max(created_at)::text as last_created_at from delivery) as stamp left join message on not exists ( select from destination where destination.workflow_uuid = message.destination_id )`,
};

export const setLatestApplicationVersion: Statement<{
  version_name: string;
  application_name: string | null;
}, {
  application_name: string | null;
  is_set: boolean;
}> = {
  name: "set_latest_application_version",
  text: `with version as ( select
application_name, -- application_versions.application_name
version_id from :schema.application_versions where version_name = :version_name::text for update ), latest as ( select max(version_timestamp) as version_timestamp from :schema.application_versions where true
and coalesce( application_name = :application_name::text, true ) -- application_versions.application_name
), updated as ( update :schema.application_versions as updated set
application_name = coalesce( version.application_name, :application_name::text ), -- application_versions.application_name
version_timestamp = greatest( (extract(epoch from statement_timestamp()) * 1000)::bigint, latest.version_timestamp + 1 ) from version cross join latest where updated.version_id = version.version_id
and coalesce( version.application_name = :application_name::text, true ) -- application_versions.application_name
returning updated.version_id ) select
application_name, -- application_versions.application_name
exists (select from updated) as is_set from version`,
};

export const setScheduleStatus: Statement<{
  name: string;
  status: string;
}, Record<never, never>> = {
  name: "set_schedule_status",
  text:
    `update :schema.workflow_schedules set status = :status::text where schedule_name = :name::text`,
};

export const setWorkflowDelay: Statement<{
  until_epoch_ms: number | null;
  delay_ms: number | null;
  workflow_id: string;
}, Record<never, never>> = {
  name: "set_workflow_delay",
  text: `update :schema.workflow_status set
delay_until_epoch_ms = coalesce( :until_epoch_ms::bigint, present.ms + :delay_ms::bigint ), -- workflow_status.delay_until_epoch_ms
updated_at = present.ms from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present where workflow_uuid = :workflow_id::text and status = 'DELAYED'`,
};

export const setWorkflowPriority: Statement<{
  workflow_id: string;
  priority: number;
}, Record<never, never>> = {
  name: "set_workflow_priority",
  text:
    `update :schema.workflow_status set priority = :priority::int, updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint where workflow_uuid = :workflow_id::text and status in ('ENQUEUED', 'DELAYED')`,
};

export const updateQueue: Statement<{
  name: string;
  changes: string;
}, {
  name: string;
  concurrency: number | null;
  worker_concurrency: number | null;
  rate_limit_max: number | null;
  rate_limit_period_sec: string | null;
  partition_concurrency: number | null;
  partition_worker_concurrency: number | null;
  partition_rate_limit_max: number | null;
  partition_rate_limit_period_sec: string | null;
  polling_interval_sec: string;
  application_name: string | null;
  is_updated: boolean;
}> = {
  name: "update_queue",
  text:
    `with before as ( select queue from :schema.queues as queue where queue.name = :name::text for update ), wanted as ( select wanted.* from before cross join jsonb_populate_record(before.queue, :changes::text::jsonb) as wanted ), updated as ( update :schema.queues as queue set concurrency = wanted.concurrency, worker_concurrency = wanted.worker_concurrency, rate_limit_max = wanted.rate_limit_max, rate_limit_period_sec = wanted.rate_limit_period_sec,
partition_concurrency = wanted.partition_concurrency, partition_worker_concurrency = wanted.partition_worker_concurrency, partition_rate_limit_max = wanted.partition_rate_limit_max, partition_rate_limit_period_sec = wanted.partition_rate_limit_period_sec, partition_queue = coalesce( wanted.partition_queue, num_nonnulls( wanted.partition_concurrency, wanted.partition_worker_concurrency, wanted.partition_rate_limit_max ) > 0 ), -- queues.partition_concurrency
polling_interval_sec = wanted.polling_interval_sec, updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint from wanted where queue.name = wanted.name and (
wanted.partition_concurrency > wanted.concurrency or wanted.partition_worker_concurrency > least( wanted.concurrency, wanted.worker_concurrency, wanted.partition_concurrency ) or -- queues.partition_concurrency
wanted.worker_concurrency > wanted.concurrency ) is not true returning queue.name ) select name, concurrency, worker_concurrency, rate_limit_max, rate_limit_period_sec::text,
partition_concurrency, partition_worker_concurrency, partition_rate_limit_max, partition_rate_limit_period_sec::text, -- queues.partition_concurrency
application_name, -- queues.application_name
polling_interval_sec::text, exists (select from updated) as is_updated from wanted`,
};

export const updateSchedule: Statement<{
  name: string;
  changes: string;
}, {
  schedule_name: string;
}> = {
  name: "update_schedule",
  text:
    `with before as ( select entry from :schema.workflow_schedules as entry where entry.schedule_name = :name::text for update ) update :schema.workflow_schedules as updated set schedule = wanted.schedule,
automatic_backfill = wanted.automatic_backfill, -- workflow_schedules.automatic_backfill
cron_timezone = wanted.cron_timezone, -- workflow_schedules.cron_timezone
queue_name = wanted.queue_name, -- workflow_schedules.queue_name
context = wanted.context from before cross join jsonb_populate_record(before.entry, :changes::text::jsonb) as wanted where updated.schedule_id = wanted.schedule_id returning updated.schedule_name`,
};

export const updateWorkflowAttributes: Statement<{
  workflow_id: string;
  merge: number;
  attributes: string | null;
}, Record<never, never>> = {
  name: "update_workflow_attributes",
  text: `update :schema.workflow_status set
attributes = case when :merge::int = 1 and jsonb_typeof(attributes) = 'object' then attributes || :attributes::text::jsonb else :attributes::text::jsonb end, -- workflow_status.attributes
updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint where workflow_uuid = :workflow_id::text`,
};
