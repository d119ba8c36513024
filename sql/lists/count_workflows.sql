-- count_workflows(separator text, ids text, patterns text, id_from text, id_until text,
--   names text, class_names text, configs text, status text, statuses int, in_flight text,
--   delayed int, failed text, succeeded int, queues text, is_queued int, keys text,
--   is_debounced int, users text, executors text, versions text, applications text, origins text,
--   is_fork int, was_forked_from int, parents text, has_parent int, schedules text,
--   attributes text, created_from int, created_until int, dequeued_from int, dequeued_until int,
--   completed_from int, completed_until int, by_status int, by_name int, by_queue int,
--   by_version int, bucket_ms int) many
-- row: status text?, name text?, queue_name text?, application_version text?, bucket text?,
-- row: count text
--
-- How many workflows match, in each of the groups that are asked for. The filters are those of
-- list_workflows.sql, line by line.
with matching as (
  select ws.*
  from (
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
    from :schema.workflow_status
    where true
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
      and (application_name is null or application_name = any( -- :applications
        string_to_array(:applications::text, :separator::text) -- :applications
      )) -- :applications
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
  ) as ws
)
select
  status, -- :by_status
  name, -- :by_name
  queue_name, -- :by_queue
  application_version, -- :by_version
  (created_at / :bucket_ms::bigint * :bucket_ms::bigint)::text as bucket, -- :bucket_ms
  count(*)::text as count
from matching
group by
  status, -- :by_status
  name, -- :by_name
  queue_name, -- :by_queue
  application_version, -- :by_version
  created_at / :bucket_ms::bigint, -- :bucket_ms
  ()
order by
  created_at / :bucket_ms::bigint, -- :bucket_ms
  count(*) desc
