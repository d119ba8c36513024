-- list_workflows(workflow_id? text, ids? text, separator? text, patterns? text, id_from? text,
--   id_until? text, names? text, class_names? text, configs? text, status? text, statuses? int,
--   in_flight? text, delayed? int, failed? text, succeeded? int, queues? text, is_queued? int,
--   keys? text, is_debounced? int, users? text, executors? text, versions? text,
--   applications? text, origins? text, is_fork? int, was_forked_from? int, parents? text,
--   has_parent? int, schedules? text, attributes? text, created_from? int, created_until? int,
--   dequeued_from? int, dequeued_until? int, completed_from? int, completed_until? int,
--   after_time? int, cursor_id? text, before_time? int, is_selective? int, sort_desc? int,
--   limit? int, offset? int, load_input? int, load_output? int) many
-- row: workflow_id text, status text, name text, class_name text?, config_name text?,
-- row: queue_name text?, authenticated_user text?, assumed_role text?, authenticated_roles text?,
-- row: inputs text?, output text?, error text?, serialization text?, executor_id text?,
-- row: application_version text?, application_name text?, recovery_attempts text?,
-- row: created_at text, updated_at text?, timeout_ms text?, deadline_epoch_ms text?,
-- row: deduplication_id text?, priority int?, queue_partition_key text?, started_at_epoch_ms text?,
-- row: delay_until_epoch_ms text?, completed_at text?, forked_from text?, was_forked_from boolean?,
-- row: parent_workflow_id text?, attributes text?, schedule_name text?, is_outdated boolean?
--
-- Workflows with their inputs and outcomes, the oldest first or, with sort_desc, the newest. Those
-- of one millisecond are in the order of their IDs, so that a page can begin after (after_time,
-- cursor_id) or, with sort_desc, before (before_time, cursor_id). Payloads are joined to the
-- page alone; `limit 1` has them looked up, where the planner would read all for a page of some size.
--
-- Lists are texts joined by a separator that is in none of them. Unlike JSON that is a constant to
-- the planner, which so knows how many rows match, and which partial indexes serve. Statuses are in
-- groups that have an index each.
--
-- A column that an older system lacks is the one of absent: a name that the table does not have is
-- looked for in the enclosing query.
--
-- All IDs of the patterns are from id_from to id_until where text is ordered by its bytes, which is
-- where capitals precede small letters. Elsewhere the index does not know of prefixes.
--
-- is_selective is for what waits or runs. It is young, but the planner takes it to be spread evenly: with
-- a limit it would walk by age, past all that has ended, until enough is found.
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
      and workflow_uuid = :workflow_id::text
      and workflow_uuid = any(string_to_array(:ids::text, :separator::text))
      and workflow_uuid like any(string_to_array(:patterns::text, :separator::text))
      and ('a' < 'Z' or workflow_uuid >= :id_from::text)
      and ('a' < 'Z' or workflow_uuid < :id_until::text)
      and name = any(string_to_array(:names::text, :separator::text))
      and class_name = any(string_to_array(:class_names::text, :separator::text))
      and config_name = any(string_to_array(:configs::text, :separator::text))
      and status = :status::text
      and (false -- if :statuses
        or status = any(string_to_array(:in_flight::text, ','))
        or status = 'DELAYED' -- if :delayed
        or status = any(string_to_array(:failed::text, ','))
        or status = 'SUCCESS' -- if :succeeded
      ) -- if :statuses
      and queue_name = any(string_to_array(:queues::text, :separator::text))
      and queue_name is not null -- if :is_queued
      and deduplication_id = any(string_to_array(:keys::text, :separator::text))
      and is_debounced = (:is_debounced::int = 1)
      and authenticated_user = any(string_to_array(:users::text, :separator::text))
      and executor_id = any(string_to_array(:executors::text, :separator::text))
      and application_version = any(string_to_array(:versions::text, :separator::text))
      -- if :applications
      and (application_name is null or application_name = any(
        string_to_array(:applications::text, :separator::text)
      ))
      -- end
      and forked_from = any(string_to_array(:origins::text, :separator::text))
      and (forked_from is not null) = (:is_fork::int = 1)
      and was_forked_from = (:was_forked_from::int = 1)
      and parent_workflow_id = any(string_to_array(:parents::text, :separator::text))
      and (parent_workflow_id is not null) = (:has_parent::int = 1)
      and schedule_name = any(string_to_array(:schedules::text, :separator::text))
      and attributes @> :attributes::text::jsonb
      and created_at >= :created_from::bigint
      and created_at <= :created_until::bigint
      and started_at_epoch_ms >= :dequeued_from::bigint
      and started_at_epoch_ms <= :dequeued_until::bigint
      and completed_at >= :completed_from::bigint
      and completed_at <= :completed_until::bigint
      and (created_at, workflow_uuid) > (:after_time::bigint, :cursor_id::text)
      and (created_at, workflow_uuid) < (:before_time::bigint, :cursor_id::text)
    offset 0 -- if :is_selective
  ) as ws
),
page as (
  select *
  from matching
  order by
    -- if :sort_desc
    created_at desc,
    workflow_uuid desc,
    -- end
    created_at,
    workflow_uuid
  limit :limit::int
  offset :offset::int
)
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
  coalesce(
    -- if :load_input
    wi.inputs, -- if workflow_input
    ws.inputs,
    -- end
    null::text
  ) as inputs,
  coalesce(
    -- if :load_output
    wo.output, -- if workflow_output
    ws.output,
    -- end
    null::text
  ) as output,
  coalesce(
    -- if :load_output
    wo.error, -- if workflow_output
    ws.error,
    -- end
    null::text
  ) as error,
  -- if not workflow_output
  exists (
    select from :schema.workflow_status as own
    join pg_catalog.pg_class as here on here.oid = own.tableoid
    join pg_catalog.pg_class as beside using (relnamespace)
    where own.workflow_uuid = ws.workflow_uuid
      and beside.relname = 'workflow_output'
  ) as is_outdated,
  -- end
  ws.serialization, -- if workflow_status.serialization
  ws.executor_id,
  ws.application_version,
  ws.application_name, -- if workflow_status.application_name
  ws.recovery_attempts::text,
  ws.updated_at::text,
  ws.workflow_timeout_ms::text as timeout_ms,
  ws.workflow_deadline_epoch_ms::text as deadline_epoch_ms,
  ws.deduplication_id,
  ws.priority,
  ws.queue_partition_key, -- if workflow_status.queue_partition_key
  ws.started_at_epoch_ms::text,
  ws.delay_until_epoch_ms::text, -- if workflow_status.delay_until_epoch_ms
  ws.completed_at::text, -- if workflow_status.completed_at
  ws.forked_from, -- if workflow_status.forked_from
  ws.was_forked_from, -- if workflow_status.was_forked_from
  ws.parent_workflow_id, -- if workflow_status.parent_workflow_id
  ws.attributes::text, -- if workflow_status.attributes
  ws.schedule_name, -- if workflow_status.schedule_name
  ws.created_at::text
from page as ws
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
  limit 1
) as wo on true
-- end
order by
  -- if :sort_desc
  ws.created_at desc,
  ws.workflow_uuid desc,
  -- end
  ws.created_at,
  ws.workflow_uuid
