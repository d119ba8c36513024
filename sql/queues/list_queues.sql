-- list_queues(name? text, application_names? text, separator? text) many
-- row: name text, concurrency int?, worker_concurrency int?, rate_limit_max int?,
-- row: rate_limit_period_sec text?, partition_concurrency int?,
-- row: partition_worker_concurrency int?, partition_rate_limit_max int?,
-- row: partition_rate_limit_period_sec text?, application_name text?, polling_interval_sec text
-- needs queues for registered queues
--
-- Lists the queues, or the queue of a name; of some applications with those that belong to none, or
-- of all.
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
from :schema.queues
where statement_timestamp() is not null
  and name = :name::text
  -- if queues.application_name and :application_names
  and (
    application_name is null
    or application_name = any(string_to_array(:application_names::text, :separator::text))
  )
  -- end
order by name
