// Generated from the .sql files of this folder by `deno task sql`. Do not edit.

import type { Statement } from "../statement.ts";

export const explainWorkflow: Statement<{
  workflow_id: string;
}, {
  database: string;
  now_epoch_ms: string;
  status: string | null;
  name: string | null;
  since_epoch_ms: string | null;
  queue_name: string | null;
  queue_partition_key: string | null;
  priority: number | null;
  executor_id: string | null;
  application_name: string | null;
  application_version: string | null;
  recovery_attempts: string | null;
  delay_until_epoch_ms: string | null;
  deadline_epoch_ms: string | null;
  is_application_registered: boolean | null;
  application_names: string | null;
  is_queue_registered: boolean | null;
  is_queue_in_use: boolean | null;
  queue_names: string | null;
  queue_application_name: string | null;
  is_queue_partitioned: boolean | null;
  is_version_registered: boolean | null;
  latest_version: string | null;
  limits: string | null;
  workflows_ahead: number | null;
}> = {
  name: "explain_workflow",

  columns:
    "database text, now_epoch_ms text, status text, name text, since_epoch_ms text, queue_name text, queue_partition_key text, priority int, executor_id text, application_name text, application_version text, recovery_attempts text, delay_until_epoch_ms text, deadline_epoch_ms text, is_application_registered boolean, application_names text, is_queue_registered boolean if queues, is_queue_in_use boolean if queues, queue_names text if queues, queue_application_name text if queues, is_queue_partitioned boolean if queues, is_version_registered boolean if application_versions, latest_version text if application_versions, limits text if queues, workflows_ahead int",
  hash: "H6GzfX8QcmNiKGoS",
  sql: `
with wf as (
select
ws.workflow_uuid,
ws.status,
ws.name,
case ws.status
when 'ENQUEUED' then coalesce(ws.updated_at, ws.created_at)
when 'DELAYED' then ws.created_at
when 'PENDING' then coalesce(ws.started_at_epoch_ms, ws.updated_at, ws.created_at)
else coalesce(
ws.completed_at, -- if workflow_status.completed_at
ws.updated_at
)
end as since,
ws.queue_name,
coalesce(
ws.queue_partition_key, -- if workflow_status.queue_partition_key
null::text
) as queue_partition_key,
ws.priority,
ws.created_at,
ws.executor_id,
coalesce(
ws.application_name, -- if workflow_status.application_name
null::text
) as application_name,
ws.application_version,
ws.recovery_attempts,
coalesce(
ws.delay_until_epoch_ms, -- if workflow_status.delay_until_epoch_ms
null::bigint
) as delay_until_epoch_ms,
ws.workflow_deadline_epoch_ms
from :schema.workflow_status as ws
where ws.workflow_uuid = :workflow_id::text
),
-- if queues
registered as (
select
queue.name,
coalesce(
queue.application_name, -- if queues.application_name
null::text
) as application_name,
queue.worker_concurrency,
queue.rate_limit_max,
queue.rate_limit_period_sec,
coalesce(
queue.partition_concurrency, -- if queues.partition_concurrency
null::int
) as partition_concurrency,
coalesce(
queue.partition_worker_concurrency, -- if queues.partition_concurrency
null::int
) as partition_worker_concurrency,
coalesce(
queue.partition_rate_limit_max, -- if queues.partition_concurrency
null::int
) as partition_rate_limit_max,
coalesce(
queue.partition_rate_limit_period_sec, -- if queues.partition_concurrency
null::double precision
) as partition_rate_limit_period_sec,
coalesce(
queue.partition_queue, -- if not workflow_input
false
) as is_partition_queue,
queue.concurrency
from wf
join :schema.queues as queue on queue.name = wf.queue_name
where wf.status = 'ENQUEUED'
),
scoped as (
select
registered.*,
is_partition_queue and not has_partition_limits as is_limited_per_partition,
is_partition_queue or has_partition_limits as is_partitioned
from registered
cross join lateral (
select num_nonnulls(
partition_concurrency,
partition_worker_concurrency,
partition_rate_limit_max
) > 0 as has_partition_limits
) as partition_limits
),
queue as (
select
name,
application_name,
is_partitioned,
case when not is_limited_per_partition then concurrency end as concurrency,
case when not is_limited_per_partition then worker_concurrency end as worker_concurrency,
case when not is_limited_per_partition then rate_limit_max end as rate_limit_max,
rate_limit_period_sec,
case when is_limited_per_partition then concurrency else partition_concurrency end
as partition_concurrency,
case when is_limited_per_partition then worker_concurrency else partition_worker_concurrency end
as partition_worker_concurrency,
case when is_limited_per_partition then rate_limit_max else partition_rate_limit_max end
as partition_rate_limit_max,
case when is_limited_per_partition then rate_limit_period_sec
else partition_rate_limit_period_sec end as partition_rate_limit_period_sec
from scoped
),
-- end
target as (
select
wf.queue_name,
wf.queue_partition_key,
wf.priority,
wf.created_at,
wf.application_version,
coalesce(
queue.is_partitioned, -- if queues
false
) as is_partitioned,
coalesce(
wf.application_name,
queue.application_name, -- if queues
null::text
) as application_name
from wf
left join queue on true -- if queues
where wf.status = 'ENQUEUED'
),
-- if queues
running as (
select
sum(worker.running)::int as on_queue,
sum(worker.running_in_partition)::int as in_partition,
min(worker.running)::int as on_worker,
min(worker.running_in_partition)::int as on_worker_in_partition
from (
select
count(*) as running,
count(*) filter (
where false
or pending.queue_partition_key = target.queue_partition_key -- if workflow_status.queue_partition_key
) as running_in_partition
from target
join queue on num_nonnulls(
queue.concurrency,
queue.worker_concurrency,
queue.partition_concurrency,
queue.partition_worker_concurrency
) > 0
join :schema.workflow_status as pending
on pending.queue_name = target.queue_name
and pending.status = 'PENDING'
-- if workflow_status.application_name
and coalesce(pending.application_name = target.application_name, true)
-- end
group by pending.executor_id
) as worker
),
rate as (
select
wanted.is_of_partition,
count(started.at)::int as started,
(max(started.at) filter (where started.position = wanted.max) + wanted.period_ms) as free_at
from (
select
false as is_of_partition,
rate_limit_max as max,
(rate_limit_period_sec * 1000)::bigint as period_ms
from queue
where rate_limit_max is not null
union all
select
true,
partition_rate_limit_max,
(partition_rate_limit_period_sec * 1000)::bigint
from queue
where partition_rate_limit_max is not null
) as wanted
cross join target
left join lateral (
select
ws.started_at_epoch_ms as at,
row_number() over (order by ws.started_at_epoch_ms desc) as position
from :schema.workflow_status as ws
where ws.queue_name = target.queue_name
and ws.status not in ('ENQUEUED', 'DELAYED')
and ws.rate_limited -- if workflow_status.rate_limited
and ws.started_at_epoch_ms
> (extract(epoch from statement_timestamp()) * 1000)::bigint - wanted.period_ms
-- if workflow_status.application_name
and coalesce(ws.application_name = target.application_name, true)
-- end
-- if workflow_status.queue_partition_key
and (not wanted.is_of_partition or ws.queue_partition_key = target.queue_partition_key)
-- end
) as started on true
group by wanted.is_of_partition, wanted.period_ms
),
limits as (
select json_agg(
json_build_object(
'name', entry.name,
'max', entry.max,
'used', entry.used,
'freeAt', entry.free_at
)
order by entry.position
)::text as list
from queue
cross join running
left join rate as queue_rate on not queue_rate.is_of_partition
left join rate as partition_rate on partition_rate.is_of_partition
cross join lateral (
values
(1, 'workerConcurrency', queue.worker_concurrency, running.on_worker, null::bigint),
(
2,
'partitionWorkerConcurrency',
queue.partition_worker_concurrency,
running.on_worker_in_partition,
null
),
(3, 'rateLimit', queue.rate_limit_max, queue_rate.started, queue_rate.free_at),
(
4,
'partitionRateLimit',
queue.partition_rate_limit_max,
partition_rate.started,
partition_rate.free_at
),
(5, 'globalConcurrency', queue.concurrency, running.on_queue, null),
(6, 'partitionConcurrency', queue.partition_concurrency, running.in_partition, null)
) as entry (position, name, max, used, free_at)
where entry.max is not null
),
-- end
-- if application_versions
visible_version as (
select
version.version_name,
version.version_timestamp
from target
left join :schema.application_versions as wanted
on wanted.version_name = target.application_version
join :schema.application_versions as version
on true
-- if application_versions.application_name
and coalesce(
version.application_name = coalesce(target.application_name, wanted.application_name),
true
)
-- end
),
-- end
application as (
select null::text as name
where false
-- if application_versions.application_name
union select application_name from :schema.application_versions
-- end
-- if queues.application_name
union select application_name from :schema.queues
-- end
-- if workflow_schedules.application_name
union select application_name from :schema.workflow_schedules
-- end
),
ahead as (
select count(*)::int as workflows
from (
select
from target
join :schema.workflow_status as other
on other.queue_name = target.queue_name
and other.status = 'ENQUEUED'
and (other.priority, other.created_at) < (target.priority, target.created_at)
-- if workflow_status.application_name
and coalesce(other.application_name = target.application_name, true)
-- end
-- if workflow_status.queue_partition_key
and (not target.is_partitioned or other.queue_partition_key = target.queue_partition_key)
-- end
limit 1000
) as other
)
select
current_database()::text as database,
(extract(epoch from statement_timestamp()) * 1000)::bigint::text as now_epoch_ms,
wf.status,
wf.name,
wf.since::text as since_epoch_ms,
wf.queue_name,
wf.queue_partition_key,
wf.priority,
wf.executor_id,
wf.application_name,
wf.application_version,
wf.recovery_attempts::text,
wf.delay_until_epoch_ms::text,
wf.workflow_deadline_epoch_ms::text as deadline_epoch_ms,
exists (select from application where name = wf.application_name) as is_application_registered,
(
select json_agg(name order by name)
from application
where name is not null
)::text as application_names,
-- if queues
queue.name is not null as is_queue_registered,
exists (
select
from :schema.workflow_status as pending
where pending.queue_name = target.queue_name
and pending.status = 'PENDING'
) as is_queue_in_use,
(
select json_agg(name order by name)
from (
select other.name
from :schema.queues as other
where queue.name is null
-- if queues.application_name
and coalesce(other.application_name = wf.application_name, true)
-- end
limit 1000
) as other
)::text as queue_names,
queue.application_name as queue_application_name,
queue.is_partitioned as is_queue_partitioned,
-- end
-- if application_versions
(
select bool_or(version_name = target.application_version)
from visible_version
) as is_version_registered,
(
select version_name
from visible_version
order by version_timestamp desc
limit 1
) as latest_version,
-- end
limits.list as limits, -- if queues
ahead.workflows as workflows_ahead
from ahead
-- if queues
cross join limits
left join queue on true
-- end
left join wf on true
left join target on true`,
};
