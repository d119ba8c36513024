-- register_queue(queue text, on_conflict text) optional
-- row: name text, concurrency int?, worker_concurrency int?, rate_limit_max int?,
-- row: rate_limit_period_sec text?, partition_concurrency int?,
-- row: partition_worker_concurrency int?, partition_rate_limit_max int?,
-- row: partition_rate_limit_period_sec text?, application_name text?, polling_interval_sec text
-- needs queues for registered queues
--
-- Inserts a queue. With always_update it also replaces the limits of a queue of that name, unless the
-- queue belongs to another application; a queue that belongs to none becomes that of the caller.
-- Returns the queue as it is then.
--
-- No row means that somebody else inserted the queue after the statement began, so that its last part
-- cannot see it. Sending the statement again shows it.
with input as (
  select *
  from json_to_recordset(:queue::text::json) as input (
    name text,
    concurrency int,
    worker_concurrency int,
    rate_limit_max int,
    rate_limit_period_sec double precision,
    partition_concurrency int,
    partition_worker_concurrency int,
    partition_rate_limit_max int,
    partition_rate_limit_period_sec double precision,
    partition_queue boolean,
    polling_interval_sec double precision,
    application_name text
  )
),
registered as (
  insert into :schema.queues as queue (
    name,
    concurrency,
    worker_concurrency,
    rate_limit_max,
    rate_limit_period_sec,
    -- if queues.partition_concurrency
    partition_concurrency,
    partition_worker_concurrency,
    partition_rate_limit_max,
    partition_rate_limit_period_sec,
    partition_queue,
    -- end
    application_name, -- if queues.application_name
    polling_interval_sec,
    priority_enabled,
    updated_at
  )
  select
    name,
    concurrency,
    worker_concurrency,
    rate_limit_max,
    rate_limit_period_sec,
    -- if queues.partition_concurrency
    partition_concurrency,
    partition_worker_concurrency,
    partition_rate_limit_max,
    partition_rate_limit_period_sec,
    partition_queue,
    -- end
    application_name, -- if queues.application_name
    polling_interval_sec,
    true,
    (extract(epoch from statement_timestamp()) * 1000)::bigint
  from input
  on conflict (name) do update set
    concurrency = excluded.concurrency,
    worker_concurrency = excluded.worker_concurrency,
    rate_limit_max = excluded.rate_limit_max,
    rate_limit_period_sec = excluded.rate_limit_period_sec,
    -- if queues.partition_concurrency
    partition_concurrency = excluded.partition_concurrency,
    partition_worker_concurrency = excluded.partition_worker_concurrency,
    partition_rate_limit_max = excluded.partition_rate_limit_max,
    partition_rate_limit_period_sec = excluded.partition_rate_limit_period_sec,
    partition_queue = excluded.partition_queue,
    -- end
    -- if queues.application_name
    application_name = coalesce(queue.application_name, excluded.application_name),
    -- end
    polling_interval_sec = excluded.polling_interval_sec,
    priority_enabled = excluded.priority_enabled,
    updated_at = excluded.updated_at
  where :on_conflict::text = 'always_update'
    -- if queues.application_name
    and coalesce(queue.application_name = excluded.application_name, true)
    -- end
  returning queue.*
),
found as (
  select * from registered
  union all
  select * from :schema.queues
  where name in (select name from input) and not exists (select from registered)
)
select
  name,
  concurrency,
  worker_concurrency,
  rate_limit_max,
  rate_limit_period_sec::text,
  -- if queues.partition_concurrency
  partition_concurrency,
  partition_worker_concurrency,
  partition_rate_limit_max,
  partition_rate_limit_period_sec::text,
  -- end
  application_name, -- if queues.application_name
  polling_interval_sec::text
from found
