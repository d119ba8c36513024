-- count_workflows(filters_newer_columns? int, workflow_ids? text, separator? text,
--   id_patterns? text, id_from? text, id_until? text, names? text, class_names? text,
--   config_names? text, status? text, one_of_statuses? int, in_flight_statuses? text,
--   is_delayed? int, failed_statuses? text, is_successful? int, queue_names? text, is_queued? int,
--   deduplication_ids? text, authenticated_users? text, executor_ids? text,
--   application_versions? text, created_from? int, created_until? int, dequeued_from? int,
--   dequeued_until? int, is_debounced? int, application_names? text, forked_from? text,
--   is_fork? int, was_forked_from? int, parent_workflow_ids? text, has_parent? int,
--   schedule_names? text, attributes? text, completed_from? int, completed_until? int,
--   by_status? int, by_name? int, by_queue_name? int, by_executor_id? int,
--   by_application_name? int, by_application_version? int, bucket_ms? int,
--   select_min_created_at? int, select_max_queue_wait? int, select_max_total_latency? int) many
-- row: status text?, name text?, queue_name text?, executor_id text?, application_name text?,
-- row: application_version text?, bucket text?, min_created_at text?, max_queue_wait_ms text?,
-- row: max_total_latency_ms text?, count text
--
-- Counts the workflows that match, in each of the groups that are asked for. The filters are those of
-- list_workflows.sql, line by line. Clients write an empty executor, or null in Python, which count as the
-- same. A workflow that was not started has no queue wait, and one that has
-- not ended no latency. The difference of two floats cannot overflow, whatever times are stored.
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
  count(*) desc
