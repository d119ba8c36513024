// Generated from the .sql files here by `deno task sql`: change those, not this.

import type { Statement } from "../statement.ts";

export const cancelWorkflows: Statement<{
  workflow_ids: string;
  with_children: number;
}, {
  cancelled: number;
}> = {
  name: "cancel_workflows",
  conditions: [
    "workflow_status.parent_workflow_id",
    "workflow_status.owner_xid",
    "workflow_status.completed_at",
  ],
  lines: [
    "with recursive target as (select json_array_elements_text(:workflow_ids::text::json) as workflow_uuid",
    [
      "union select child.workflow_uuid from target join :schema.workflow_status as child on child.parent_workflow_id = target.workflow_uuid where :with_children::int = 1",
      1,
    ],
    "),cancelled as (update :schema.workflow_status set status = 'CANCELLED',",
    ["owner_xid = null,", 2],
    "queue_name = null,deduplication_id = null,started_at_epoch_ms = null,",
    ["completed_at = present.ms,", 3],
    "updated_at = present.ms from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present where workflow_uuid = any(array(select workflow_uuid from target)) and status not in ('SUCCESS','ERROR','CANCELLED') returning workflow_uuid) select count(*)::int as cancelled from cancelled",
  ],
};

export const debounce: Statement<{
  job: string;
}, {
  extended_id: string | null;
  holder_id: string | null;
  is_debounced: boolean | null;
  name: string | null;
  class_name: string | null;
  application_name: string | null;
  is_outdated: boolean | null;
}> = {
  name: "debounce",
  conditions: ["workflow_status.application_name", "workflow_input"],
  lines: [
    "with job as (select * from json_to_recordset(:job::text::json) as job (name text,class_name text,queue_name text,deduplication_id text,application_name text,delay_ms bigint,ignores_class boolean,inputs text,serialization text)),extended as (update :schema.workflow_status as extended set delay_until_epoch_ms = least(present.ms + job.delay_ms,extended.debounce_deadline_epoch_ms),",
    ["application_name = coalesce(extended.application_name,job.application_name),", 1],
    "inputs = job.inputs,serialization = job.serialization,updated_at = present.ms from job,(select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present where extended.queue_name = job.queue_name and extended.deduplication_id = job.deduplication_id and extended.name = job.name and (job.ignores_class or extended.class_name is not distinct from job.class_name) and extended.status = 'DELAYED' and extended.is_debounced",
    [
      "and not exists (select from pg_catalog.pg_class as here join pg_catalog.pg_class as beside using (relnamespace) where here.oid = extended.tableoid and beside.relname = 'workflow_input')",
      -2,
    ],
    ["and coalesce(extended.application_name = job.application_name,true)", 1],
    "returning extended.workflow_uuid),",
    [
      "payload as (insert into :schema.workflow_input (workflow_uuid,inputs) select extended.workflow_uuid,job.inputs from extended cross join job on conflict (workflow_uuid) do update set inputs = excluded.inputs),",
      2,
    ],
    "holder as (select",
    ["holder.tableoid,", -2],
    "holder.* from job join :schema.workflow_status as holder on holder.queue_name = job.queue_name and holder.deduplication_id = job.deduplication_id) select extended.workflow_uuid as extended_id,",
    [
      "exists (select from pg_catalog.pg_class as here join pg_catalog.pg_class as beside using (relnamespace) where here.oid = holder.tableoid and beside.relname = 'workflow_input') as is_outdated,",
      -2,
    ],
    "holder.is_debounced,holder.name,holder.class_name::text,",
    ["holder.application_name,", 1],
    "holder.workflow_uuid as holder_id from job left join extended on true left join holder on true",
  ],
};

export const deleteWorkflows: Statement<{
  workflow_ids: string;
  with_children: number;
}, Record<never, never>> = {
  name: "delete_workflows",
  conditions: ["workflow_status.parent_workflow_id", "workflow_input", "workflow_output"],
  lines: [
    "with recursive target as (select json_array_elements_text(:workflow_ids::text::json) as workflow_uuid",
    [
      "union select child.workflow_uuid from target join :schema.workflow_status as child on child.parent_workflow_id = target.workflow_uuid where :with_children::int = 1",
      1,
    ],
    "),",
    [
      "deleted_inputs as (delete from :schema.workflow_input where workflow_uuid = any(array(select workflow_uuid from target))),",
      2,
    ],
    [
      "deleted_outputs as (delete from :schema.workflow_output where workflow_uuid = any(array(select workflow_uuid from target))),",
      3,
    ],
    "deleted_steps as (delete from :schema.operation_outputs where workflow_uuid = any(array(select workflow_uuid from target))) delete from :schema.workflow_status where workflow_uuid = any(array(select workflow_uuid from target))",
  ],
};

export const enqueue: Statement<{
  after: string;
  backlog: number;
  jobs: string;
  check_conflicts?: number | undefined;
}, {
  last_created_at: string | null;
  position: number | null;
  existing_id: string | null;
  status: string | null;
  name: string | null;
  class_name: string | null;
  config_name: string | null;
  is_own: boolean | null;
  holder_id: string | null;
}> = {
  name: "enqueue",
  conditions: [
    "workflow_status.application_name",
    "workflow_status.queue_partition_key",
    "workflow_status.delay_until_epoch_ms",
    "workflow_status.attributes",
    "workflow_status.serialization",
    "workflow_status.schedule_name",
    "workflow_status.is_debounced",
    "workflow_status.creator_xid",
    "workflow_status.owner_xid",
    ":check_conflicts",
    "workflow_input",
  ],
  lines: [
    "with job as (select input.*,least(greatest(now_ms,:after::text::bigint + 1) + :backlog::int,now_ms + 1000) + input.position as created_at from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as now_ms) as clock cross join json_to_recordset(:jobs::text::json) as input (position int,workflow_id text,name text,class_name text,config_name text,queue_name text,authenticated_user text,assumed_role text,authenticated_roles text,application_version text,application_name text,timeout_ms bigint,deadline_epoch_ms bigint,deduplication_id text,priority int,queue_partition_key text,delay_ms bigint,attributes jsonb,inputs text,serialization text,schedule_name text,is_debounced boolean,debounce_timeout_ms bigint,creator_xid text)),inserted as (insert into :schema.workflow_status (workflow_uuid,name,class_name,config_name,queue_name,authenticated_user,assumed_role,authenticated_roles,executor_id,application_version,application_id,",
    ["application_name,", 1],
    "created_at,updated_at,recovery_attempts,workflow_timeout_ms,workflow_deadline_epoch_ms,deduplication_id,priority,",
    ["queue_partition_key,", 2],
    ["delay_until_epoch_ms,", 3],
    ["attributes,", 4],
    ["serialization,", 5],
    ["schedule_name,", 6],
    ["is_debounced,debounce_deadline_epoch_ms,", 7],
    ["creator_xid,", 8],
    ["owner_xid,", 9, -8],
    "inputs,status) select workflow_id,name,coalesce(class_name,",
    ["case serialization when 'js_superjson' then '' end,", -5],
    "null),config_name,queue_name,coalesce(authenticated_user,''),coalesce(assumed_role,''),coalesce(authenticated_roles,'[]'),'',application_version,'',",
    ["application_name,", 1],
    "created_at,created_at,0,timeout_ms,deadline_epoch_ms,deduplication_id,coalesce(priority,0),",
    ["queue_partition_key,", 2],
    ["created_at + least(delay_ms,debounce_timeout_ms),", 3],
    ["attributes,", 4],
    ["serialization,", 5],
    ["schedule_name,", 6],
    ["coalesce(is_debounced,false),created_at + debounce_timeout_ms,", 7],
    ["creator_xid,", 8],
    ["creator_xid,", 9, -8],
    "inputs,case when delay_ms > 0 then 'DELAYED' else 'ENQUEUED' end from job",
    ["on conflict do nothing", 10],
    "returning workflow_uuid,created_at,inputs),",
    [
      "payload as (insert into :schema.workflow_input (workflow_uuid,inputs) select workflow_uuid,inputs from inserted",
      11,
    ],
    ["on conflict (workflow_uuid) do update set inputs = excluded.inputs", 11, 10],
    ["),", 11],
    [
      "conflict as (select job.* from job where not exists (select from inserted where inserted.workflow_uuid = job.workflow_id and inserted.created_at = job.created_at)),",
      10,
    ],
    "stamp as (select max(created_at)::text as last_created_at from inserted) select",
    ["conflict.position,", 10],
    ["null::int as position,", -10],
    [
      "existing.workflow_uuid as existing_id,existing.status,existing.name,existing.class_name::text,existing.config_name::text,",
      10,
    ],
    ["existing.creator_xid = conflict.creator_xid as is_own,", 8, 10],
    ["existing.owner_xid = conflict.creator_xid as is_own,", 9, -8, 10],
    ["holder.workflow_uuid as holder_id,", 10],
    "stamp.last_created_at from stamp",
    [
      "left join conflict on true left join :schema.workflow_status as existing on existing.workflow_uuid = conflict.workflow_id left join :schema.workflow_status as holder on holder.queue_name = conflict.queue_name and holder.deduplication_id = conflict.deduplication_id",
      10,
    ],
  ],
};

export const findCompletionTimes: Statement<{
  targets: string;
  max_rows: number;
}, {
  position: number;
  workflow_id: string;
  completed_at: string;
}> = {
  name: "find_completion_times",
  conditions: ["workflow_status.completed_at"],
  lines: [
    "select (targets.position - 1)::int as position,ws.workflow_uuid as workflow_id,coalesce(",
    ["ws.completed_at,", 1],
    "ws.updated_at)::text as completed_at from json_array_elements_text(:targets::text::json) with ordinality as targets (workflow_id,position) cross join lateral (select workflow_uuid,",
    ["completed_at,", 1],
    "updated_at,status from :schema.workflow_status where workflow_uuid = targets.workflow_id limit 1) as ws where ws.status in ('SUCCESS','ERROR','CANCELLED','MAX_RECOVERY_ATTEMPTS_EXCEEDED') limit :max_rows::int",
  ],
};

export const findOutcomes: Statement<{
  targets: string;
  max_rows: number;
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
  name: "find_outcomes",
  conditions: ["workflow_output", "workflow_status.serialization", "workflow_status.completed_at"],
  lines: [
    "select (targets.position - 1)::int as position,ws.workflow_uuid as workflow_id,ws.status,coalesce(",
    ["wo.output,", 1],
    "ws.output) as value,coalesce(",
    ["wo.error,", 1],
    "ws.error) as error,",
    ["ws.serialization,", 2],
    [
      "exists (select from pg_catalog.pg_class as here join pg_catalog.pg_class as beside using (relnamespace) where here.oid = ws.tableoid and beside.relname = 'workflow_output') as is_outdated,",
      -1,
    ],
    "coalesce(",
    ["ws.completed_at,", 3],
    "ws.updated_at)::text as completed_at from json_array_elements_text(:targets::text::json) with ordinality as targets (workflow_id,position) cross join lateral (select workflow_uuid,output,error,",
    ["serialization,", 2],
    ["tableoid,", -1],
    ["completed_at,", 3],
    "updated_at,status from :schema.workflow_status where workflow_uuid = targets.workflow_id limit 1) as ws",
    ["left join :schema.workflow_output as wo using (workflow_uuid)", 1],
    "where ws.status in ('SUCCESS','ERROR','CANCELLED','MAX_RECOVERY_ATTEMPTS_EXCEEDED') limit :max_rows::int",
  ],
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
  conditions: [
    "workflow_status.application_name",
    "workflow_input",
    "workflow_status.creator_xid",
    "workflow_status.queue_partition_key",
    "workflow_status.attributes",
    "workflow_status.serialization",
    "workflow_status.forked_from",
    "workflow_status.was_forked_from",
    "operation_outputs.serialization",
    "operation_outputs.started_at_epoch_ms",
    "operation_outputs.completed_at_epoch_ms",
    "operation_outputs.application_name",
    "streams.serialization",
    "workflow_events.serialization",
  ],
  lines: [
    "with fork as (select input.*,(extract(epoch from statement_timestamp()) * 1000)::bigint + input.position as created_at,original.workflow_uuid is not null as has_original,coalesce(",
    ["original.application_name,", 1],
    "input.client_application_name) as application_name,",
    [
      "exists (select from pg_catalog.pg_class as here join pg_catalog.pg_class as beside using (relnamespace) where here.oid = original.tableoid and beside.relname = 'workflow_input') as is_outdated,",
      -2,
    ],
    "existing.status as existing_status,existing.name as existing_name,coalesce(",
    ["existing.creator_xid = input.creator_xid,", 3],
    ["existing.forked_from = input.original_id,", -3],
    "false) as is_own from json_to_recordset(:forks::text::json) as input (position int,original_id text,fork_id text,start_step int,queue_name text,queue_partition_key text,application_version text,client_application_name text,timeout_ms bigint,replacement_children jsonb,creator_xid text) left join :schema.workflow_status as original on original.workflow_uuid = input.original_id left join :schema.workflow_status as existing on existing.workflow_uuid = input.fork_id),inserted as (insert into :schema.workflow_status (workflow_uuid,status,class_name,config_name,queue_name,authenticated_user,assumed_role,authenticated_roles,application_version,application_id,",
    ["application_name,", 1],
    "created_at,updated_at,workflow_timeout_ms,",
    ["queue_partition_key,", 4],
    ["attributes,", 5],
    ["serialization,", 6],
    ["creator_xid,", 3],
    ["forked_from,", 7],
    "inputs,name) select fork.fork_id,'ENQUEUED',original.class_name,original.config_name,fork.queue_name,original.authenticated_user,original.assumed_role,original.authenticated_roles,coalesce(fork.application_version,original.application_version),original.application_id,",
    ["fork.application_name,", 1],
    "fork.created_at,fork.created_at,fork.timeout_ms,",
    ["fork.queue_partition_key,", 4],
    ["original.attributes,", 5],
    ["original.serialization,", 6],
    ["fork.creator_xid,", 3],
    ["fork.original_id,", 7],
    "coalesce(",
    ["payload.inputs,", 2],
    "original.inputs),original.name from fork join :schema.workflow_status as original on original.workflow_uuid = fork.original_id",
    ["left join :schema.workflow_input as payload on payload.workflow_uuid = fork.original_id", 2],
    "where not exists (select from fork where not has_original",
    ["or is_outdated", -2],
    "or (existing_status is not null and not is_own)) order by fork.position on conflict do nothing returning workflow_uuid,inputs),copy as (select fork.* from fork join inserted on inserted.workflow_uuid = fork.fork_id),",
    [
      "marked as (update :schema.workflow_status set was_forked_from = true where workflow_uuid = any(array(select original_id from copy)) and not was_forked_from),",
      8,
    ],
    [
      "payload as (insert into :schema.workflow_input (workflow_uuid,inputs) select workflow_uuid,inputs from inserted on conflict (workflow_uuid) do update set inputs = excluded.inputs),",
      2,
    ],
    "steps as (insert into :schema.operation_outputs (workflow_uuid,function_id,function_name,output,error,",
    ["serialization,", 9],
    ["started_at_epoch_ms,", 10],
    ["completed_at_epoch_ms,", 11],
    ["application_name,", 12],
    "child_workflow_id) select copy.fork_id,step.function_id,step.function_name,step.output,step.error,",
    ["step.serialization,", 9],
    ["step.started_at_epoch_ms,", 10],
    ["step.completed_at_epoch_ms,", 11],
    ["copy.application_name,", 12],
    "coalesce(copy.replacement_children ->> step.child_workflow_id,step.child_workflow_id) from copy join :schema.operation_outputs as step on step.workflow_uuid = copy.original_id and step.function_id < copy.start_step),stream_values as (insert into :schema.streams (workflow_uuid,key,value,",
    ["serialization,", 13],
    '"offset",function_id) select copy.fork_id,stream.key,stream.value,',
    ["stream.serialization,", 13],
    'stream."offset",stream.function_id from copy join :schema.streams as stream on stream.workflow_uuid = copy.original_id and stream.function_id < copy.start_step),published as (select copy.fork_id,history.* from copy join :schema.workflow_events_history as history on history.workflow_uuid = copy.original_id and history.function_id < copy.start_step),history as (insert into :schema.workflow_events_history (workflow_uuid,function_id,key,',
    ["serialization,", 14],
    "value) select fork_id,function_id,key,",
    ["serialization,", 14],
    "value from published),events as (insert into :schema.workflow_events (workflow_uuid,key,",
    ["serialization,", 14],
    "value) select distinct on (fork_id,key) fork_id,key,",
    ["serialization,", 14],
    "value from published order by fork_id,key,function_id desc) select position,has_original,is_own,",
    ["is_outdated,", -2],
    "existing_status,existing_name from fork where not exists (select from inserted where inserted.workflow_uuid = fork.fork_id)",
  ],
};

export const resumeWorkflows: Statement<{
  workflow_ids: string;
  queue_name: string;
}, {
  missing_id: string;
}> = {
  name: "resume_workflows",
  conditions: ["workflow_status.owner_xid", "workflow_status.completed_at"],
  lines: [
    "with requested as (select distinct json_array_elements_text(:workflow_ids::text::json) as workflow_uuid),missing as (select workflow_uuid from requested where not exists (select from :schema.workflow_status as ws where ws.workflow_uuid = requested.workflow_uuid)),resumed as (update :schema.workflow_status set status = 'ENQUEUED',",
    ["owner_xid = null,", 1],
    "queue_name = :queue_name::text,recovery_attempts = 0,workflow_deadline_epoch_ms = null,deduplication_id = null,started_at_epoch_ms = null,",
    ["completed_at = null,", 2],
    "updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint where workflow_uuid = any(array(select workflow_uuid from requested)) and status not in ('SUCCESS','ERROR') and not exists (select from missing)) select workflow_uuid as missing_id from missing order by missing_id",
  ],
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
  conditions: [
    "workflow_status.creator_xid",
    "workflow_events.serialization",
    "notifications.consumed",
    "notifications.consumed_by_function_id",
    "workflow_output",
    "workflow_status.owner_xid",
    "workflow_status.queue_partition_key",
    "workflow_status.completed_at",
  ],
  lines: [
    "with target as (select workflow_uuid from :schema.workflow_status where workflow_uuid = :workflow_id::text and status not in ('PENDING','ENQUEUED','DELAYED')",
    ["and creator_xid is distinct from :creator_xid::text", 1],
    "for no key update),history as (select history.* from target join :schema.workflow_events_history as history using (workflow_uuid)),undone_event as (select distinct workflow_uuid,key from history where function_id >= :start_step::int),earlier_event as (select distinct on (key) history.* from history where function_id < :start_step::int order by key,function_id desc),restored_events as (update :schema.workflow_events as event set",
    ["serialization = earlier_event.serialization,", 2],
    "value = earlier_event.value from undone_event join earlier_event using (workflow_uuid,key) where event.workflow_uuid = undone_event.workflow_uuid and event.key = undone_event.key),deleted_events as (delete from :schema.workflow_events as event using undone_event where event.workflow_uuid = undone_event.workflow_uuid and event.key = undone_event.key and not exists (select from earlier_event where earlier_event.key = event.key)),deleted_history as (delete from :schema.workflow_events_history where workflow_uuid in (select workflow_uuid from target) and function_id >= :start_step::int),deleted_stream_ends as (delete from :schema.streams where workflow_uuid in (select workflow_uuid from target) and function_id >= :start_step::int and value in ('\"__DBOS_STREAM_CLOSED__\"','__DBOS_STREAM_CLOSED__','gASVGgAAAAAAAACMFl9fREJPU19TVFJFQU1fQ0xPU0VEX1+ULg==','gAWVGgAAAAAAAACMFl9fREJPU19TVFJFQU1fQ0xPU0VEX1+ULg==')),deleted_steps as (delete from :schema.operation_outputs where workflow_uuid in (select workflow_uuid from target) and function_id >= :start_step::int),deleted_messages as (delete from :schema.notifications where destination_uuid in (select workflow_uuid from target)",
    ["and (not consumed", 3],
    ["or consumed_by_function_id >= :start_step::int", 4],
    [")", 3],
    "),",
    [
      "deleted_output as (delete from :schema.workflow_output where workflow_uuid in (select workflow_uuid from target)),",
      5,
    ],
    "rewound as (update :schema.workflow_status set status = 'ENQUEUED',",
    ["owner_xid = null,", 6],
    "queue_name = :queue_name::text,",
    ["queue_partition_key = :queue_partition_key::text,", 7],
    "application_version = coalesce(:application_version::text,application_version),recovery_attempts = 0,workflow_deadline_epoch_ms = null,deduplication_id = null,started_at_epoch_ms = null,",
    ["completed_at = null,", 8],
    "output = null,error = null,",
    ["creator_xid = :creator_xid::text,", 1],
    "updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint where workflow_uuid in (select workflow_uuid from target) returning workflow_uuid) select status,coalesce(",
    ["creator_xid = :creator_xid::text,", 1],
    "false) or exists (select from rewound) as is_rewound from :schema.workflow_status where workflow_uuid = :workflow_id::text",
  ],
};

export const setWorkflowDelay: Statement<{
  until_epoch_ms: number | null;
  delay_ms: number | null;
  workflow_id: string;
}, Record<never, never>> = {
  name: "set_workflow_delay",
  conditions: ["workflow_status.delay_until_epoch_ms"],
  lines: [
    "update :schema.workflow_status set",
    ["delay_until_epoch_ms = coalesce(:until_epoch_ms::bigint,present.ms + :delay_ms::bigint),", 1],
    "updated_at = present.ms from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present where workflow_uuid = :workflow_id::text and status = 'DELAYED'",
  ],
};

export const setWorkflowPriority: Statement<{
  workflow_id: string;
  priority: number;
}, Record<never, never>> = {
  name: "set_workflow_priority",
  conditions: [],
  lines: [
    "update :schema.workflow_status set priority = :priority::int,updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint where workflow_uuid = :workflow_id::text and status in ('ENQUEUED','DELAYED')",
  ],
};

export const updateWorkflowAttributes: Statement<{
  workflow_id: string;
  merge: number;
  attributes: string | null;
}, Record<never, never>> = {
  name: "update_workflow_attributes",
  conditions: ["workflow_status.attributes"],
  lines: [
    "update :schema.workflow_status set",
    [
      "attributes = case when :merge::int = 1 and jsonb_typeof(attributes) = 'object' then attributes || :attributes::text::jsonb else :attributes::text::jsonb end,",
      1,
    ],
    "updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint where workflow_uuid = :workflow_id::text",
  ],
};
