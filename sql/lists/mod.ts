// Generated from the .sql files of this folder by `deno task sql`. Do not edit.

import type { Statement } from "../statement.ts";

export const countSteps: Statement<{
  names?: string | undefined;
  separator?: string | undefined;
  id_patterns?: string | undefined;
  application_names?: string | undefined;
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
  max_duration_ms: string | null;
  count: string;
}> = {
  name: "count_steps",
  needs: {
    columns: [
      "operation_outputs.application_name",
      "operation_outputs.started_at_epoch_ms",
      "operation_outputs.completed_at_epoch_ms",
    ],
    feature: "countSteps()",
  },
  columns:
    "status text if :by_status, name text if :by_name, bucket text if :bucket_ms, max_duration_ms text, count text",
  hash: "AFvlsryr3ycHsp3u",
  sql: `
with matching as (
select
case when coalesce(error, '') = '' then 'SUCCESS' else 'ERROR' end as status,
function_name as name,
completed_at_epoch_ms as completed_at,
completed_at_epoch_ms::double precision - started_at_epoch_ms as duration_ms
from :schema.operation_outputs
where true
and function_name = any(string_to_array(:names::text, :separator::text))
and workflow_uuid like any(string_to_array(:id_patterns::text, :separator::text))
-- if :application_names
and (
application_name is null
or application_name = any(string_to_array(:application_names::text, :separator::text))
)
-- end
and (coalesce(error, '') = '') = (:status::text = 'SUCCESS')
and completed_at_epoch_ms >= :completed_from::bigint
and completed_at_epoch_ms <= :completed_until::bigint
)
select
status, -- if :by_status
name, -- if :by_name
(completed_at / :bucket_ms::bigint * :bucket_ms::bigint)::text as bucket,
max(duration_ms)::text as max_duration_ms,
count(*)::text as count
from matching
where statement_timestamp() is not null
group by
status, -- if :by_status
name, -- if :by_name
completed_at / :bucket_ms::bigint,
()
order by
completed_at / :bucket_ms::bigint,
count(*) desc`,
};

export const countWorkflows: Statement<{
  filters_newer_columns?: number | undefined;
  workflow_ids?: string | undefined;
  separator?: string | undefined;
  id_patterns?: string | undefined;
  id_from?: string | undefined;
  id_until?: string | undefined;
  names?: string | undefined;
  class_names?: string | undefined;
  config_names?: string | undefined;
  status?: string | undefined;
  one_of_statuses?: number | undefined;
  in_flight_statuses?: string | undefined;
  is_delayed?: number | undefined;
  failed_statuses?: string | undefined;
  is_successful?: number | undefined;
  queue_names?: string | undefined;
  is_queued?: number | undefined;
  deduplication_ids?: string | undefined;
  authenticated_users?: string | undefined;
  executor_ids?: string | undefined;
  application_versions?: string | undefined;
  created_from?: number | undefined;
  created_until?: number | undefined;
  dequeued_from?: number | undefined;
  dequeued_until?: number | undefined;
  is_debounced?: number | undefined;
  application_names?: string | undefined;
  forked_from?: string | undefined;
  is_fork?: number | undefined;
  was_forked_from?: number | undefined;
  parent_workflow_ids?: string | undefined;
  has_parent?: number | undefined;
  schedule_names?: string | undefined;
  attributes?: string | undefined;
  completed_from?: number | undefined;
  completed_until?: number | undefined;
  by_status?: number | undefined;
  by_name?: number | undefined;
  by_queue_name?: number | undefined;
  by_executor_id?: number | undefined;
  by_application_name?: number | undefined;
  by_application_version?: number | undefined;
  bucket_ms?: number | undefined;
  select_min_created_at?: number | undefined;
  select_max_queue_wait?: number | undefined;
  select_max_total_latency?: number | undefined;
}, {
  status: string | null;
  name: string | null;
  queue_name: string | null;
  executor_id: string | null;
  application_name: string | null;
  application_version: string | null;
  bucket: string | null;
  min_created_at: string | null;
  max_queue_wait_ms: string | null;
  max_total_latency_ms: string | null;
  count: string;
}> = {
  name: "count_workflows",

  columns:
    "status text if :by_status, name text if :by_name, queue_name text if :by_queue_name, executor_id text if :by_executor_id, application_name text if :by_application_name and workflow_status.application_name, application_version text if :by_application_version, bucket text if :bucket_ms, min_created_at text if :select_min_created_at, max_queue_wait_ms text if :select_max_queue_wait, max_total_latency_ms text if :select_max_total_latency and workflow_status.completed_at, count text",
  hash: "eg_htBGfbOk9Oe0t",
  sql: `
with matching as (
select ws.*
from
-- if :filters_newer_columns
(
select
null::text as forked_from,
null::text as parent_workflow_id,
false as was_forked_from,
null::bigint as completed_at,
null::jsonb as attributes,
null::text as schedule_name,
false as is_debounced,
null::text as application_name
) as absent
cross join lateral (
select *
from
-- end
:schema.workflow_status as ws
where true
and workflow_uuid = any(string_to_array(:workflow_ids::text, :separator::text))
and workflow_uuid like any(string_to_array(:id_patterns::text, :separator::text))
and ('a' < 'Z' or workflow_uuid >= :id_from::text)
and ('a' < 'Z' or workflow_uuid < :id_until::text)
and name = any(string_to_array(:names::text, :separator::text))
and class_name = any(string_to_array(:class_names::text, :separator::text))
and config_name = any(string_to_array(:config_names::text, :separator::text))
and status = :status::text
-- if :one_of_statuses
and (
false
or status = any(string_to_array(:in_flight_statuses::text, ','))
or status = 'DELAYED' -- if :is_delayed
or status = any(string_to_array(:failed_statuses::text, ','))
or status = 'SUCCESS' -- if :is_successful
)
-- end
and queue_name = any(string_to_array(:queue_names::text, :separator::text))
and queue_name is not null -- if :is_queued
and deduplication_id = any(string_to_array(:deduplication_ids::text, :separator::text))
and authenticated_user = any(string_to_array(:authenticated_users::text, :separator::text))
and executor_id = any(string_to_array(:executor_ids::text, :separator::text))
and application_version = any(string_to_array(:application_versions::text, :separator::text))
and created_at >= :created_from::bigint
and created_at <= :created_until::bigint
and started_at_epoch_ms >= :dequeued_from::bigint
and started_at_epoch_ms <= :dequeued_until::bigint
-- if :filters_newer_columns
and is_debounced = (:is_debounced::int = 1)
-- if :application_names
and (
application_name is null
or application_name = any(string_to_array(:application_names::text, :separator::text))
)
-- end
and forked_from = any(string_to_array(:forked_from::text, :separator::text))
and (forked_from is not null) = (:is_fork::int = 1)
and was_forked_from = (:was_forked_from::int = 1)
and parent_workflow_id = any(string_to_array(:parent_workflow_ids::text, :separator::text))
and (parent_workflow_id is not null) = (:has_parent::int = 1)
and schedule_name = any(string_to_array(:schedule_names::text, :separator::text))
and attributes @> :attributes::text::jsonb
and completed_at >= :completed_from::bigint
and completed_at <= :completed_until::bigint
-- end
-- if :filters_newer_columns
) as ws
-- end
)
select
status, -- if :by_status
name, -- if :by_name
queue_name, -- if :by_queue_name
nullif(executor_id, '') as executor_id, -- if :by_executor_id
application_name, -- if :by_application_name and workflow_status.application_name
application_version, -- if :by_application_version
(created_at / :bucket_ms::bigint * :bucket_ms::bigint)::text as bucket,
min(created_at)::text as min_created_at, -- if :select_min_created_at
-- if :select_max_queue_wait
max(started_at_epoch_ms::double precision - created_at)::text as max_queue_wait_ms,
-- end
-- if :select_max_total_latency and workflow_status.completed_at
max(completed_at::double precision - created_at)::text as max_total_latency_ms,
-- end
count(*)::text as count
from matching
where statement_timestamp() is not null
group by
status, -- if :by_status
name, -- if :by_name
queue_name, -- if :by_queue_name
nullif(executor_id, ''), -- if :by_executor_id
application_name, -- if :by_application_name and workflow_status.application_name
null::text, -- if :by_application_name and not workflow_status.application_name
application_version, -- if :by_application_version
created_at / :bucket_ms::bigint,
()
order by
created_at / :bucket_ms::bigint,
count(*) desc`,
};

export const listSteps: Statement<{
  load_output?: number | undefined;
  limit?: number | undefined;
  offset?: number | undefined;
  workflow_id: string;
}, {
  function_id: number | null;
  name: string | null;
  output: string | null;
  error: string | null;
  serialization: string | null;
  started_at_epoch_ms: string | null;
  completed_at_epoch_ms: string | null;
  child_workflow_id: string | null;
}> = {
  name: "list_steps",

  columns:
    "function_id int, name text, output text if :load_output, error text if :load_output, serialization text if operation_outputs.serialization, started_at_epoch_ms bigint if operation_outputs.started_at_epoch_ms, completed_at_epoch_ms bigint if operation_outputs.completed_at_epoch_ms, child_workflow_id text",
  hash: "E9TU-lONYyjrzin_",
  sql: `
select
step.function_id,
step.function_name as name,
step.output, -- if :load_output
nullif(step.error, '') as error, -- if :load_output
step.serialization, -- if operation_outputs.serialization
step.started_at_epoch_ms, -- if operation_outputs.started_at_epoch_ms
step.completed_at_epoch_ms, -- if operation_outputs.completed_at_epoch_ms
step.child_workflow_id
from :schema.workflow_status as ws
left join lateral (
select *
from :schema.operation_outputs as step
where step.workflow_uuid = ws.workflow_uuid
order by step.function_id
limit :limit::int
offset :offset::int
) as step on true
where statement_timestamp() is not null
and ws.workflow_uuid = :workflow_id::text
order by step.function_id`,
};

export const listWorkflows: Statement<{
  load_input?: number | undefined;
  load_output?: number | undefined;
  max_bytes?: number | undefined;
  has_values?: number | undefined;
  filters_newer_columns?: number | undefined;
  workflow_id?: string | undefined;
  workflow_ids?: string | undefined;
  separator?: string | undefined;
  id_patterns?: string | undefined;
  id_from?: string | undefined;
  id_until?: string | undefined;
  names?: string | undefined;
  class_names?: string | undefined;
  config_names?: string | undefined;
  status?: string | undefined;
  one_of_statuses?: number | undefined;
  in_flight_statuses?: string | undefined;
  is_delayed?: number | undefined;
  failed_statuses?: string | undefined;
  is_successful?: number | undefined;
  queue_names?: string | undefined;
  is_queued?: number | undefined;
  deduplication_ids?: string | undefined;
  authenticated_users?: string | undefined;
  executor_ids?: string | undefined;
  application_versions?: string | undefined;
  created_from?: number | undefined;
  created_until?: number | undefined;
  dequeued_from?: number | undefined;
  dequeued_until?: number | undefined;
  is_debounced?: number | undefined;
  application_names?: string | undefined;
  forked_from?: string | undefined;
  is_fork?: number | undefined;
  was_forked_from?: number | undefined;
  parent_workflow_ids?: string | undefined;
  has_parent?: number | undefined;
  schedule_names?: string | undefined;
  attributes?: string | undefined;
  completed_from?: number | undefined;
  completed_until?: number | undefined;
  after_time?: string | undefined;
  cursor_id?: string | undefined;
  before_time?: string | undefined;
  sort_desc?: number | undefined;
  is_selective?: number | undefined;
  limit?: number | undefined;
  offset?: number | undefined;
}, {
  workflow_id: string;
  status: string | null;
  name: string | null;
  class_name: string | null;
  config_name: string | null;
  queue_name: string | null;
  authenticated_user: string | null;
  assumed_role: string | null;
  authenticated_roles: string | null;
  inputs: string | null;
  output: string | null;
  error: string | null;
  is_outdated: boolean | null;
  serialization: string | null;
  executor_id: string | null;
  application_version: string | null;
  application_name: string | null;
  recovery_attempts: string | null;
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
  is_cut: boolean | null;
  created_at: string;
}> = {
  name: "list_workflows",

  columns:
    "workflow_id text, status text, name text, class_name text, config_name text, queue_name text, authenticated_user text, assumed_role text, authenticated_roles text, inputs text if :load_input, output text if :load_output, error text if :load_output, is_outdated boolean if not workflow_output, serialization text if workflow_status.serialization, executor_id text, application_version text, application_name text if workflow_status.application_name, recovery_attempts bigint, updated_at bigint, timeout_ms bigint, deadline_epoch_ms bigint, deduplication_id text, priority int, queue_partition_key text if workflow_status.queue_partition_key, started_at_epoch_ms bigint, delay_until_epoch_ms bigint if workflow_status.delay_until_epoch_ms, completed_at bigint if workflow_status.completed_at, forked_from text if workflow_status.forked_from, was_forked_from boolean if workflow_status.was_forked_from, parent_workflow_id text if workflow_status.parent_workflow_id, attributes text if workflow_status.attributes, schedule_name text if workflow_status.schedule_name, is_cut boolean if :max_bytes, created_at bigint",
  hash: "HiQuYXC0miS_y76d",
  sql: `
select
ws.workflow_uuid as workflow_id,
ws.status,
ws.name,
ws.class_name::text,
ws.config_name::text,
ws.queue_name,
ws.authenticated_user,
ws.assumed_role,
ws.authenticated_roles,
-- if :load_input
coalesce(
wi.inputs, -- if workflow_input
ws.inputs
) as inputs,
-- end
-- if :load_output
coalesce(
wo.output, -- if workflow_output
ws.output
) as output,
nullif(
coalesce(
wo.error, -- if workflow_output
ws.error
),
''
) as error,
-- end
to_regclass(:'schema' || '.workflow_output') is not null as is_outdated, -- if not workflow_output
ws.serialization, -- if workflow_status.serialization
ws.executor_id,
ws.application_version,
ws.application_name, -- if workflow_status.application_name
ws.recovery_attempts,
ws.updated_at,
ws.workflow_timeout_ms as timeout_ms,
ws.workflow_deadline_epoch_ms as deadline_epoch_ms,
ws.deduplication_id,
ws.priority,
ws.queue_partition_key, -- if workflow_status.queue_partition_key
ws.started_at_epoch_ms,
ws.delay_until_epoch_ms, -- if workflow_status.delay_until_epoch_ms
ws.completed_at, -- if workflow_status.completed_at
ws.forked_from, -- if workflow_status.forked_from
ws.was_forked_from, -- if workflow_status.was_forked_from
ws.parent_workflow_id, -- if workflow_status.parent_workflow_id
ws.attributes::text, -- if workflow_status.attributes
ws.schedule_name, -- if workflow_status.schedule_name
ws.is_cut, -- if :max_bytes
ws.created_at
from
-- if :has_values
(
-- if :max_bytes
select
ws.*,
lead(ws.workflow_uuid) over in_order is not null as is_cut,
coalesce(
sum(
0
-- if :load_input
+ coalesce(
octet_length(wi.inputs), -- if workflow_input
octet_length(ws.inputs),
0
)
-- end
-- if :load_output
+ coalesce(
octet_length(wo.output), -- if workflow_output
octet_length(ws.output),
0
)
+ coalesce(
octet_length(wo.error), -- if workflow_output
octet_length(ws.error),
0
)
-- end
) over (in_order rows between unbounded preceding and 1 preceding),
0
) as bytes_before
from (
-- end
select ws.*
from
-- end
-- if :filters_newer_columns
(
select
null::text as forked_from,
null::text as parent_workflow_id,
false as was_forked_from,
null::bigint as completed_at,
null::jsonb as attributes,
null::text as schedule_name,
false as is_debounced,
null::text as application_name
) as absent
cross join lateral (
select *
from
-- end
:schema.workflow_status as ws
where statement_timestamp() is not null
and workflow_uuid = :workflow_id::text
and workflow_uuid = any(string_to_array(:workflow_ids::text, :separator::text))
and workflow_uuid like any(string_to_array(:id_patterns::text, :separator::text))
and ('a' < 'Z' or workflow_uuid >= :id_from::text)
and ('a' < 'Z' or workflow_uuid < :id_until::text)
and name = any(string_to_array(:names::text, :separator::text))
and class_name = any(string_to_array(:class_names::text, :separator::text))
and config_name = any(string_to_array(:config_names::text, :separator::text))
and status = :status::text
-- if :one_of_statuses
and (
false
or status = any(string_to_array(:in_flight_statuses::text, ','))
or status = 'DELAYED' -- if :is_delayed
or status = any(string_to_array(:failed_statuses::text, ','))
or status = 'SUCCESS' -- if :is_successful
)
-- end
and queue_name = any(string_to_array(:queue_names::text, :separator::text))
and queue_name is not null -- if :is_queued
and deduplication_id = any(string_to_array(:deduplication_ids::text, :separator::text))
and authenticated_user = any(string_to_array(:authenticated_users::text, :separator::text))
and executor_id = any(string_to_array(:executor_ids::text, :separator::text))
and application_version = any(string_to_array(:application_versions::text, :separator::text))
and created_at >= :created_from::bigint
and created_at <= :created_until::bigint
and started_at_epoch_ms >= :dequeued_from::bigint
and started_at_epoch_ms <= :dequeued_until::bigint
-- if :filters_newer_columns
and is_debounced = (:is_debounced::int = 1)
-- if :application_names
and (
application_name is null
or application_name = any(string_to_array(:application_names::text, :separator::text))
)
-- end
and forked_from = any(string_to_array(:forked_from::text, :separator::text))
and (forked_from is not null) = (:is_fork::int = 1)
and was_forked_from = (:was_forked_from::int = 1)
and parent_workflow_id = any(string_to_array(:parent_workflow_ids::text, :separator::text))
and (parent_workflow_id is not null) = (:has_parent::int = 1)
and schedule_name = any(string_to_array(:schedule_names::text, :separator::text))
and attributes @> :attributes::text::jsonb
and completed_at >= :completed_from::bigint
and completed_at <= :completed_until::bigint
-- end
and (created_at, workflow_uuid) > (:after_time::text::bigint, :cursor_id::text)
and (created_at, workflow_uuid) < (:before_time::text::bigint, :cursor_id::text)
-- if :filters_newer_columns
) as ws
-- end
order by
-- if :sort_desc
created_at + 0 desc, -- if :is_selective and :limit
created_at desc,
workflow_uuid desc,
-- end
created_at + 0, -- if :is_selective and :limit
created_at,
workflow_uuid
limit :limit::int
offset :offset::int
-- if :has_values
-- if :max_bytes
) as ws
-- if workflow_input and :load_input
left join lateral (
select inputs
from :schema.workflow_input
where workflow_uuid = ws.workflow_uuid
limit 1
) as wi on true
-- end
-- if workflow_output and :load_output
left join lateral (
select output, error
from :schema.workflow_output
where workflow_uuid = ws.workflow_uuid
and ws.status not in ('ENQUEUED', 'PENDING', 'DELAYED')
limit 1
) as wo on true
-- end
window in_order as (
order by
-- if :sort_desc
ws.created_at desc,
ws.workflow_uuid desc,
-- end
ws.created_at,
ws.workflow_uuid
)
-- end
) as ws
-- if workflow_input and :load_input
left join lateral (
select inputs
from :schema.workflow_input
where workflow_uuid = ws.workflow_uuid
limit 1
) as wi on true
-- end
-- if workflow_output and :load_output
left join lateral (
select output, error
from :schema.workflow_output
where workflow_uuid = ws.workflow_uuid
and ws.status not in ('ENQUEUED', 'PENDING', 'DELAYED')
limit 1
) as wo on true
-- end
where ws.bytes_before < :max_bytes::int
order by
-- if :sort_desc
ws.created_at desc,
ws.workflow_uuid desc,
-- end
ws.created_at,
ws.workflow_uuid
-- end`,
};

export const selectStatementTimeout: Statement<{
  timeout_ms: number;
}, {
  statement_timeout: string;
}> = {
  name: "select_statement_timeout",

  columns: "statement_timeout text",
  hash: "fzCNOiL5K5_YtRQG",
  sql: `
select set_config('statement_timeout', :timeout_ms::text, true) as statement_timeout`,
};

export const setStatementTimeout: Statement<{
  timeout_ms: number;
}, Record<never, never>> = {
  name: "set_statement_timeout",

  hash: "5YRq79Qb9lZNZX8S",
  sql: `
set local statement_timeout = :timeout_ms`,
};
