-- update_queue(name text, changes text) optional
-- row: name text, concurrency int?, worker_concurrency int?, rate_limit_max int?,
-- row: rate_limit_period_sec text?, partition_concurrency int?,
-- row: partition_worker_concurrency int?, partition_rate_limit_max int?,
-- row: partition_rate_limit_period_sec text?, application_name text?, polling_interval_sec text,
-- row: is_updated boolean
-- needs queues for registered queues
--
-- Changes the columns of a queue that a JSON object names, unless a limit would then contradict
-- another one. Returns the queue as it is then, or as it would be.
--
-- The queue is locked before it is read, so that two calls that change one limit each cannot end in a
-- contradiction. A partition_queue of null is replaced by what the limits say. If it is not named, a
-- queue that an older release partitioned without limits for its partitions stays as it is.
with before as (
  select queue
  from :schema.queues as queue
  where queue.name = :name::text
  for update
),
wanted as (
  select wanted.*
  from before
  cross join jsonb_populate_record(before.queue, :changes::text::jsonb) as wanted
),
updated as (
  update :schema.queues as queue
  set
    concurrency = wanted.concurrency,
    worker_concurrency = wanted.worker_concurrency,
    rate_limit_max = wanted.rate_limit_max,
    rate_limit_period_sec = wanted.rate_limit_period_sec,
    -- if queues.partition_concurrency
    partition_concurrency = wanted.partition_concurrency,
    partition_worker_concurrency = wanted.partition_worker_concurrency,
    partition_rate_limit_max = wanted.partition_rate_limit_max,
    partition_rate_limit_period_sec = wanted.partition_rate_limit_period_sec,
    partition_queue = coalesce(
      wanted.partition_queue,
      num_nonnulls(
        wanted.partition_concurrency,
        wanted.partition_worker_concurrency,
        wanted.partition_rate_limit_max
      ) > 0
    ),
    -- end
    polling_interval_sec = wanted.polling_interval_sec,
    updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint
  from wanted
  where queue.name = wanted.name
    and (
      false
      -- if queues.partition_concurrency
      or wanted.partition_concurrency > wanted.concurrency
      or wanted.partition_worker_concurrency
        > least(wanted.concurrency, wanted.worker_concurrency, wanted.partition_concurrency)
      -- end
      or wanted.worker_concurrency > wanted.concurrency
    ) is not true
  returning queue.name
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
  polling_interval_sec::text,
  exists (select from updated) as is_updated
from wanted
