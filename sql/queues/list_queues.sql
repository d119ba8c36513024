-- list_queues(name text?, application_names text?) many
-- row: name text, concurrency int?, worker_concurrency int?, rate_limit_max int?,
-- row: rate_limit_period_sec text?, partition_concurrency int?, partition_worker_concurrency int?,
-- row: partition_rate_limit_max int?, partition_rate_limit_period_sec text?,
-- row: polling_interval_sec text, application_name text?
-- needs queues for registered queues
--
-- The queue of the given name, or without one every queue; of the given applications, with those
-- that belong to none, or without any of all applications.
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
where coalesce(name = :name::text, true)
  -- if queues.application_name
  and (
    application_name is null
    or :application_names::text is null
    or application_name in (
      select json_array_elements_text(:application_names::text::json)
    )
  )
  -- end
order by name
