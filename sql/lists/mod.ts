// Generated from the .sql files here by `deno task sql`: change those, not this.

import type { Statement } from "../statement.ts";

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
  max_duration_ms: string | null;
}> = {
  name: "count_steps",
  conditions: [
    ":names",
    ":patterns",
    ":applications",
    ":status",
    ":completed_from",
    ":completed_until",
    ":by_status",
    ":by_name",
    ":bucket_ms",
  ],
  lines: [
    "with matching as (select case when error is null then 'SUCCESS' else 'ERROR' end as status,function_name as name,completed_at_epoch_ms as completed_at,completed_at_epoch_ms - started_at_epoch_ms as duration_ms from :schema.operation_outputs where true",
    ["and function_name = any(string_to_array(:names::text,:separator::text))", 1],
    ["and workflow_uuid like any(string_to_array(:patterns::text,:separator::text))", 2],
    [
      "and (application_name is null or application_name = any(string_to_array(:applications::text,:separator::text)))",
      3,
    ],
    ["and (error is null) = (:status::text = 'SUCCESS')", 4],
    ["and completed_at_epoch_ms >= :completed_from::bigint", 5],
    ["and completed_at_epoch_ms <= :completed_until::bigint", 6],
    ") select",
    ["status,", 7],
    ["name,", 8],
    ["(completed_at / :bucket_ms::bigint * :bucket_ms::bigint)::text as bucket,", 9],
    "max(duration_ms)::text as max_duration_ms,count(*)::text as count from matching group by",
    ["status,", 7],
    ["name,", 8],
    ["completed_at / :bucket_ms::bigint,", 9],
    "() order by",
    ["completed_at / :bucket_ms::bigint,", 9],
    "count(*) desc",
  ],
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
  conditions: [
    ":ids",
    ":patterns",
    ":id_from",
    ":id_until",
    ":names",
    ":class_names",
    ":configs",
    ":status",
    ":statuses",
    ":in_flight",
    ":delayed",
    ":failed",
    ":succeeded",
    ":queues",
    ":is_queued",
    ":keys",
    ":is_debounced",
    ":users",
    ":executors",
    ":versions",
    ":applications",
    ":origins",
    ":is_fork",
    ":was_forked_from",
    ":parents",
    ":has_parent",
    ":schedules",
    ":attributes",
    ":created_from",
    ":created_until",
    ":dequeued_from",
    ":dequeued_until",
    ":completed_from",
    ":completed_until",
    ":by_status",
    ":by_name",
    ":by_queue",
    ":by_version",
    ":bucket_ms",
  ],
  lines: [
    "with matching as (select ws.* from (select null::text as forked_from,null::text as parent_workflow_id,false as was_forked_from,null::bigint as completed_at,null::jsonb as attributes,null::text as schedule_name,false as is_debounced,null::text as application_name) as absent cross join lateral (select * from :schema.workflow_status where true",
    ["and workflow_uuid = any(string_to_array(:ids::text,:separator::text))", 1],
    ["and workflow_uuid like any(string_to_array(:patterns::text,:separator::text))", 2],
    ["and ('a' < 'Z' or workflow_uuid >= :id_from::text)", 3],
    ["and ('a' < 'Z' or workflow_uuid < :id_until::text)", 4],
    ["and name = any(string_to_array(:names::text,:separator::text))", 5],
    ["and class_name = any(string_to_array(:class_names::text,:separator::text))", 6],
    ["and config_name = any(string_to_array(:configs::text,:separator::text))", 7],
    ["and status = :status::text", 8],
    ["and (false", 9],
    ["or status = any(string_to_array(:in_flight::text,','))", 10],
    ["or status = 'DELAYED'", 11],
    ["or status = any(string_to_array(:failed::text,','))", 12],
    ["or status = 'SUCCESS'", 13],
    [")", 9],
    ["and queue_name = any(string_to_array(:queues::text,:separator::text))", 14],
    ["and queue_name is not null", 15],
    ["and deduplication_id = any(string_to_array(:keys::text,:separator::text))", 16],
    ["and is_debounced = (:is_debounced::int = 1)", 17],
    ["and authenticated_user = any(string_to_array(:users::text,:separator::text))", 18],
    ["and executor_id = any(string_to_array(:executors::text,:separator::text))", 19],
    ["and application_version = any(string_to_array(:versions::text,:separator::text))", 20],
    [
      "and (application_name is null or application_name = any(string_to_array(:applications::text,:separator::text)))",
      21,
    ],
    ["and forked_from = any(string_to_array(:origins::text,:separator::text))", 22],
    ["and (forked_from is not null) = (:is_fork::int = 1)", 23],
    ["and was_forked_from = (:was_forked_from::int = 1)", 24],
    ["and parent_workflow_id = any(string_to_array(:parents::text,:separator::text))", 25],
    ["and (parent_workflow_id is not null) = (:has_parent::int = 1)", 26],
    ["and schedule_name = any(string_to_array(:schedules::text,:separator::text))", 27],
    ["and attributes @> :attributes::text::jsonb", 28],
    ["and created_at >= :created_from::bigint", 29],
    ["and created_at <= :created_until::bigint", 30],
    ["and started_at_epoch_ms >= :dequeued_from::bigint", 31],
    ["and started_at_epoch_ms <= :dequeued_until::bigint", 32],
    ["and completed_at >= :completed_from::bigint", 33],
    ["and completed_at <= :completed_until::bigint", 34],
    ") as ws) select",
    ["status,", 35],
    ["name,", 36],
    ["queue_name,", 37],
    ["application_version,", 38],
    ["(created_at / :bucket_ms::bigint * :bucket_ms::bigint)::text as bucket,", 39],
    "count(*)::text as count from matching group by",
    ["status,", 35],
    ["name,", 36],
    ["queue_name,", 37],
    ["application_version,", 38],
    ["created_at / :bucket_ms::bigint,", 39],
    "() order by",
    ["created_at / :bucket_ms::bigint,", 39],
    "count(*) desc",
  ],
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
  conditions: [
    ":load_output",
    "operation_outputs.serialization",
    "operation_outputs.started_at_epoch_ms",
    "operation_outputs.completed_at_epoch_ms",
    ":limit",
    ":offset",
  ],
  lines: [
    "select step.function_id,step.function_name as name,case when false",
    ["or true", 1],
    "then step.output end as output,case when false",
    ["or true", 1],
    "then step.error end as error,coalesce(",
    ["step.serialization,", 2],
    "null::text) as serialization,step.child_workflow_id,coalesce(",
    ["step.started_at_epoch_ms::text,", 3],
    "null::text) as started_at_epoch_ms,coalesce(",
    ["step.completed_at_epoch_ms::text,", 4],
    "null::text) as completed_at_epoch_ms from :schema.workflow_status as ws left join lateral (select * from :schema.operation_outputs as step where step.workflow_uuid = ws.workflow_uuid order by step.function_id",
    ["limit :limit::int", 5],
    ["offset :offset::int", 6],
    ") as step on true where ws.workflow_uuid = :workflow_id::text order by step.function_id",
  ],
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
  is_selective?: number | undefined;
  after_time?: number | undefined;
  before_time?: number | undefined;
  cursor_id: string;
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
  conditions: [
    ":workflow_id",
    ":ids",
    ":patterns",
    ":id_from",
    ":id_until",
    ":names",
    ":class_names",
    ":configs",
    ":status",
    ":statuses",
    ":in_flight",
    ":delayed",
    ":failed",
    ":succeeded",
    ":queues",
    ":is_queued",
    ":keys",
    ":is_debounced",
    ":users",
    ":executors",
    ":versions",
    ":applications",
    ":origins",
    ":is_fork",
    ":was_forked_from",
    ":parents",
    ":has_parent",
    ":schedules",
    ":attributes",
    ":created_from",
    ":created_until",
    ":dequeued_from",
    ":dequeued_until",
    ":completed_from",
    ":completed_until",
    ":after_time",
    ":before_time",
    ":is_selective",
    ":sort_desc",
    ":limit",
    ":offset",
    "workflow_input",
    ":load_input",
    "workflow_output",
    ":load_output",
    "workflow_status.serialization",
    "workflow_status.application_name",
    "workflow_status.queue_partition_key",
    "workflow_status.delay_until_epoch_ms",
    "workflow_status.completed_at",
    "workflow_status.forked_from",
    "workflow_status.was_forked_from",
    "workflow_status.parent_workflow_id",
    "workflow_status.attributes",
    "workflow_status.schedule_name",
  ],
  lines: [
    "with matching as (select ws.* from (select null::text as forked_from,null::text as parent_workflow_id,false as was_forked_from,null::bigint as completed_at,null::jsonb as attributes,null::text as schedule_name,false as is_debounced,null::text as application_name) as absent cross join lateral (select * from :schema.workflow_status where true",
    ["and workflow_uuid = :workflow_id::text", 1],
    ["and workflow_uuid = any(string_to_array(:ids::text,:separator::text))", 2],
    ["and workflow_uuid like any(string_to_array(:patterns::text,:separator::text))", 3],
    ["and ('a' < 'Z' or workflow_uuid >= :id_from::text)", 4],
    ["and ('a' < 'Z' or workflow_uuid < :id_until::text)", 5],
    ["and name = any(string_to_array(:names::text,:separator::text))", 6],
    ["and class_name = any(string_to_array(:class_names::text,:separator::text))", 7],
    ["and config_name = any(string_to_array(:configs::text,:separator::text))", 8],
    ["and status = :status::text", 9],
    ["and (false", 10],
    ["or status = any(string_to_array(:in_flight::text,','))", 11],
    ["or status = 'DELAYED'", 12],
    ["or status = any(string_to_array(:failed::text,','))", 13],
    ["or status = 'SUCCESS'", 14],
    [")", 10],
    ["and queue_name = any(string_to_array(:queues::text,:separator::text))", 15],
    ["and queue_name is not null", 16],
    ["and deduplication_id = any(string_to_array(:keys::text,:separator::text))", 17],
    ["and is_debounced = (:is_debounced::int = 1)", 18],
    ["and authenticated_user = any(string_to_array(:users::text,:separator::text))", 19],
    ["and executor_id = any(string_to_array(:executors::text,:separator::text))", 20],
    ["and application_version = any(string_to_array(:versions::text,:separator::text))", 21],
    [
      "and (application_name is null or application_name = any(string_to_array(:applications::text,:separator::text)))",
      22,
    ],
    ["and forked_from = any(string_to_array(:origins::text,:separator::text))", 23],
    ["and (forked_from is not null) = (:is_fork::int = 1)", 24],
    ["and was_forked_from = (:was_forked_from::int = 1)", 25],
    ["and parent_workflow_id = any(string_to_array(:parents::text,:separator::text))", 26],
    ["and (parent_workflow_id is not null) = (:has_parent::int = 1)", 27],
    ["and schedule_name = any(string_to_array(:schedules::text,:separator::text))", 28],
    ["and attributes @> :attributes::text::jsonb", 29],
    ["and created_at >= :created_from::bigint", 30],
    ["and created_at <= :created_until::bigint", 31],
    ["and started_at_epoch_ms >= :dequeued_from::bigint", 32],
    ["and started_at_epoch_ms <= :dequeued_until::bigint", 33],
    ["and completed_at >= :completed_from::bigint", 34],
    ["and completed_at <= :completed_until::bigint", 35],
    ["and (created_at,workflow_uuid) > (:after_time::bigint,:cursor_id::text)", 36],
    ["and (created_at,workflow_uuid) < (:before_time::bigint,:cursor_id::text)", 37],
    ["offset 0", 38],
    ") as ws),page as (select * from matching order by",
    ["created_at desc,workflow_uuid desc,", 39],
    "created_at,workflow_uuid",
    ["limit :limit::int", 40],
    ["offset :offset::int", 41],
    ") select ws.workflow_uuid as workflow_id,ws.status,ws.name,ws.class_name::text,ws.config_name::text,ws.queue_name,ws.authenticated_user,ws.assumed_role,ws.authenticated_roles,coalesce(",
    ["wi.inputs,", 42, 43],
    ["ws.inputs,", 43],
    "null::text) as inputs,coalesce(",
    ["wo.output,", 44, 45],
    ["ws.output,", 45],
    "null::text) as output,coalesce(",
    ["wo.error,", 44, 45],
    ["ws.error,", 45],
    "null::text) as error,",
    [
      "exists (select from :schema.workflow_status as own join pg_catalog.pg_class as here on here.oid = own.tableoid join pg_catalog.pg_class as beside using (relnamespace) where own.workflow_uuid = ws.workflow_uuid and beside.relname = 'workflow_output') as is_outdated,",
      -44,
    ],
    ["ws.serialization,", 46],
    "ws.executor_id,ws.application_version,",
    ["ws.application_name,", 47],
    "ws.recovery_attempts::text,ws.updated_at::text,ws.workflow_timeout_ms::text as timeout_ms,ws.workflow_deadline_epoch_ms::text as deadline_epoch_ms,ws.deduplication_id,ws.priority,",
    ["ws.queue_partition_key,", 48],
    "ws.started_at_epoch_ms::text,",
    ["ws.delay_until_epoch_ms::text,", 49],
    ["ws.completed_at::text,", 50],
    ["ws.forked_from,", 51],
    ["ws.was_forked_from,", 52],
    ["ws.parent_workflow_id,", 53],
    ["ws.attributes::text,", 54],
    ["ws.schedule_name,", 55],
    "ws.created_at::text from page as ws",
    [
      "left join lateral (select inputs from :schema.workflow_input where workflow_uuid = ws.workflow_uuid limit 1) as wi on true",
      42,
      43,
    ],
    [
      "left join lateral (select output,error from :schema.workflow_output where workflow_uuid = ws.workflow_uuid limit 1) as wo on true",
      44,
      45,
    ],
    "order by",
    ["ws.created_at desc,ws.workflow_uuid desc,", 39],
    "ws.created_at,ws.workflow_uuid",
  ],
};

export const setStatementTimeout: Statement<{
  timeout_ms: number;
}, Record<never, never>> = {
  name: "set_statement_timeout",
  conditions: [],
  lines: ["set local statement_timeout = :timeout_ms"],
};
