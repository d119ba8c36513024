-- list_workflows(load_input? int, load_output? int, max_bytes? int, has_values? int,
--   filters_newer_columns? int, workflow_id? text, workflow_ids? text, separator? text,
--   id_patterns? text, id_from? text, id_until? text, names? text, class_names? text,
--   config_names? text, status? text, one_of_statuses? int, in_flight_statuses? text,
--   is_delayed? int, failed_statuses? text, is_successful? int, queue_names? text, is_queued? int,
--   deduplication_ids? text, authenticated_users? text, executor_ids? text,
--   application_versions? text, created_from? int, created_until? int, dequeued_from? int,
--   dequeued_until? int, is_debounced? int, application_names? text, forked_from? text,
--   is_fork? int, was_forked_from? int, parent_workflow_ids? text, has_parent? int,
--   schedule_names? text, attributes? text, completed_from? int, completed_until? int,
--   after_time? text, cursor_id? text, before_time? text, sort_desc? int, is_selective? int,
--   limit? int, offset? int) many
-- row: workflow_id text, status text?, name text?, class_name text?, config_name text?,
-- row: queue_name text?, authenticated_user text?, assumed_role text?, authenticated_roles text?,
-- row: inputs text?, output text?, error text?, is_outdated boolean?, serialization text?,
-- row: executor_id text?, application_version text?, application_name text?,
-- row: recovery_attempts bigint?, updated_at bigint?, timeout_ms bigint?,
-- row: deadline_epoch_ms bigint?, deduplication_id text?, priority int?, queue_partition_key text?,
-- row: started_at_epoch_ms bigint?, delay_until_epoch_ms bigint?, completed_at bigint?,
-- row: forked_from text?, was_forked_from boolean?, parent_workflow_id text?, attributes text?,
-- row: schedule_name text?, is_cut boolean?, created_at bigint
--
-- Lists workflows, the oldest first or, with sort_desc, the newest. Those of one millisecond are in
-- the order of their IDs, so that a page can begin after (after_time, cursor_id) or, with sort_desc,
-- before (before_time, cursor_id).
--
-- has_values is given with load_input and load_output: inputs and outcomes are joined to the page
-- only, which takes a subquery. `limit 1` makes the planner look them up, where it would read whole
-- tables for a page of some size. A workflow that waits or runs has no outcome to look up.
--
-- With max_bytes there are no further workflows after those whose inputs, outputs and errors have so many
-- bytes together. `is_cut` of the last one tells whether that left any out; that of the others means
-- nothing. octet_length() does not read a large value.
--
-- Statuses are in groups, because each group has an index of its own.
--
-- All IDs that match the patterns are from id_from to id_until where the database orders text by its
-- bytes, which is where capitals precede small letters. Elsewhere the index cannot find prefixes.
--
-- filters_newer_columns is for filters on columns that older schemas lack. `absent` has these columns: a
-- name that the table does not have is looked up in the enclosing query. So a filter works on every
-- schema, also on one that has just got the column. Planning takes 0.1 ms less without.
--
-- is_selective is for workflows that wait or run. They are young, but the planner expects them to be
-- spread evenly: with a limit it would walk through all that have ended until it found enough. No
-- index is in the order of `created_at + 0`, so it sorts those that match.
--
-- The empty error that Go's workers write for a success is null.
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
-- end
