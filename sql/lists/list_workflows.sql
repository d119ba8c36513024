-- list_workflows(workflow_id text, separator text, ids text, patterns text, id_from text,
--   id_until text, names text, class_names text, configs text, status text, statuses int,
--   in_flight text, delayed int, failed text, succeeded int, queues text, is_queued int,
--   keys text, is_debounced int, users text, executors text, versions text, applications text,
--   origins text, is_fork int, was_forked_from int, parents text, has_parent int, schedules text,
--   attributes text, created_from int, created_until int, dequeued_from int, dequeued_until int,
--   completed_from int, completed_until int, is_selective int, after_time int, before_time int,
--   cursor_id text, sort_desc int, limit int, offset int, load_input int, load_output int) many
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
      and workflow_uuid = :workflow_id::text -- :workflow_id
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
      and (created_at, workflow_uuid) > (:after_time::bigint, :cursor_id::text) -- :after_time
      and (created_at, workflow_uuid) < (:before_time::bigint, :cursor_id::text) -- :before_time
    offset 0 -- :is_selective
  ) as ws
),
page as (
  select *
  from matching
  order by
    created_at desc, -- :sort_desc
    workflow_uuid desc, -- :sort_desc
    created_at,
    workflow_uuid
  limit :limit::int -- :limit
  offset :offset::int -- :offset
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
    wi.inputs, -- workflow_input, :load_input
    ws.inputs, -- :load_input
    null::text
  ) as inputs,
  coalesce(
    wo.output, -- workflow_output, :load_output
    ws.output, -- :load_output
    null::text
  ) as output,
  coalesce(
    wo.error, -- workflow_output, :load_output
    ws.error, -- :load_output
    null::text
  ) as error,
  exists ( -- not workflow_output
    select from :schema.workflow_status as own -- not workflow_output
    join pg_catalog.pg_class as here on here.oid = own.tableoid -- not workflow_output
    join pg_catalog.pg_class as beside using (relnamespace) -- not workflow_output
    where own.workflow_uuid = ws.workflow_uuid -- not workflow_output
      and beside.relname = 'workflow_output' -- not workflow_output
  ) as is_outdated, -- not workflow_output
  ws.serialization, -- workflow_status.serialization
  ws.executor_id,
  ws.application_version,
  ws.application_name, -- workflow_status.application_name
  ws.recovery_attempts::text,
  ws.updated_at::text,
  ws.workflow_timeout_ms::text as timeout_ms,
  ws.workflow_deadline_epoch_ms::text as deadline_epoch_ms,
  ws.deduplication_id,
  ws.priority,
  ws.queue_partition_key, -- workflow_status.queue_partition_key
  ws.started_at_epoch_ms::text,
  ws.delay_until_epoch_ms::text, -- workflow_status.delay_until_epoch_ms
  ws.completed_at::text, -- workflow_status.completed_at
  ws.forked_from, -- workflow_status.forked_from
  ws.was_forked_from, -- workflow_status.was_forked_from
  ws.parent_workflow_id, -- workflow_status.parent_workflow_id
  ws.attributes::text, -- workflow_status.attributes
  ws.schedule_name, -- workflow_status.schedule_name
  ws.created_at::text
from page as ws
left join lateral ( -- workflow_input, :load_input
  select inputs -- workflow_input, :load_input
  from :schema.workflow_input -- workflow_input, :load_input
  where workflow_uuid = ws.workflow_uuid -- workflow_input, :load_input
  limit 1 -- workflow_input, :load_input
) as wi on true -- workflow_input, :load_input
left join lateral ( -- workflow_output, :load_output
  select output, error -- workflow_output, :load_output
  from :schema.workflow_output -- workflow_output, :load_output
  where workflow_uuid = ws.workflow_uuid -- workflow_output, :load_output
  limit 1 -- workflow_output, :load_output
) as wo on true -- workflow_output, :load_output
order by
  ws.created_at desc, -- :sort_desc
  ws.workflow_uuid desc, -- :sort_desc
  ws.created_at,
  ws.workflow_uuid
