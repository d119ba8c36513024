-- enqueue(after text, jobs text, all_columns? int, find_old_inputs? int, check_conflicts? int,
--   replace_inputs? int) many
-- row: position int?, existing_id text?, status text?, name text?, class_name text?,
-- row: config_name text?, is_own boolean?, holder_id text?, has_old_inputs boolean?,
-- row: last_created_at text?, server_ms text
--
-- Inserts workflows. Returns a row for each job that was not inserted, with its position and what
-- it conflicts with: the workflow that has its ID, or else the workflow that holds its deduplication
-- ID. `is_own` means that this very call inserted the workflow, in an attempt whose answer was lost.
-- Where all were inserted, there is one row without a position. Every row has the time at which the
-- last workflow was created, or null if none was inserted.
--
-- Without check_conflicts the statement looks for no conflicts, which saves the server a fifth of the
-- time. It is for jobs with new IDs and without a deduplication ID. An ID that exists nevertheless is
-- a unique violation.
--
-- Without all_columns it reads and writes only the columns that most jobs need, which saves the server a
-- twentieth.
--
-- The inputs are written both to workflow_input and to workflow_status. Older releases read only the
-- latter; Go's would run without arguments.
--
-- Some releases leave the inputs of a workflow behind when they delete it. Inputs that exist for the ID of
-- a new workflow are a unique violation, unless replace_inputs is given, which needs the right to read
-- and update inputs. With find_old_inputs, for transactions, nothing is inserted then and `has_old_inputs`
-- is set. Looking for them takes the server a tenth of the time. Under row-level security the workflow
-- may exist unseen, so they are not looked for.
--
-- `is_own` compares a token of the call. It is in creator_xid or, where the schema lacks that, in
-- owner_xid, as with the SDKs of that time, whose workers leave it there.
--
-- `limit 1` makes the planner look rows up by their IDs, even in a table of a few thousand rows, which it
-- would read as a whole because it expects a hundred jobs.
--
-- A row with a position but neither ID conflicts with a workflow that this statement cannot see: one
-- that was committed after it began, or an earlier job of the same statement. Sending that job again
-- shows it.
--
-- The token also tells which of several jobs of one ID was inserted. Schemas that keep none tell it by
-- the creation time: there, all jobs of one ID that share the time count as inserted.
--
-- Without a class name, TypeScript workers that know no formats need empty text. Python needs null.
--
-- Workers dequeue by created_at. The caller gives it to each job, or leaves it out while it does not
-- know the time of the server: then it is the time of the server, but later than `after`, and
-- increases in the order of the array. It is never more than a second ahead of the server.
with clock as (
  select (extract(epoch from statement_timestamp()) * 1000)::bigint as server_ms
),
job as (
  select
    input.*,
    least(
      coalesce(
        input.requested_at,
        greatest(server_ms, :after::text::bigint + 1) + input.ordinality - 1
      ),
      server_ms + 1000
    ) as created_at
  from clock
  cross join rows from (
    json_to_recordset(:jobs::text::json) as (
      -- if :all_columns
      class_name text,
      config_name text,
      authenticated_user text,
      assumed_role text,
      authenticated_roles text,
      timeout_ms bigint,
      deadline_epoch_ms bigint,
      deduplication_id text,
      priority int,
      queue_partition_key text,
      delay_ms bigint,
      attributes jsonb,
      schedule_name text,
      is_debounced boolean,
      debounce_timeout_ms bigint,
      -- end
      workflow_id text,
      name text,
      queue_name text,
      application_version text,
      application_name text,
      inputs text,
      serialization text,
      creator_xid text,
      requested_at bigint
    )
  ) with ordinality as input
),
-- if workflow_input and :find_old_inputs
old_inputs as (
  select workflow_id
  from job
  where (select true from :schema.workflow_input where workflow_uuid = workflow_id limit 1)
    and (select true from :schema.workflow_status where workflow_uuid = workflow_id limit 1) is null
    and not row_security_active(:'schema' || '.workflow_status')
),
-- end
inserted as (
  insert into :schema.workflow_status (
    -- if :all_columns
    config_name,
    workflow_timeout_ms,
    workflow_deadline_epoch_ms,
    deduplication_id,
    queue_partition_key, -- if workflow_status.queue_partition_key
    delay_until_epoch_ms, -- if workflow_status.delay_until_epoch_ms
    attributes, -- if workflow_status.attributes
    schedule_name, -- if workflow_status.schedule_name
    -- if workflow_status.is_debounced
    is_debounced,
    debounce_deadline_epoch_ms,
    -- end
    -- end
    class_name,
    authenticated_user,
    assumed_role,
    authenticated_roles,
    priority,
    status,
    workflow_uuid,
    name,
    queue_name,
    executor_id,
    application_version,
    application_id,
    application_name, -- if workflow_status.application_name
    created_at,
    updated_at,
    recovery_attempts,
    serialization, -- if workflow_status.serialization
    creator_xid, -- if workflow_status.creator_xid
    owner_xid, -- if workflow_status.owner_xid and not workflow_status.creator_xid
    inputs
  )
  select
    -- if :all_columns
    config_name,
    timeout_ms,
    deadline_epoch_ms,
    deduplication_id,
    queue_partition_key, -- if workflow_status.queue_partition_key
    created_at + least(delay_ms, debounce_timeout_ms), -- if workflow_status.delay_until_epoch_ms
    attributes, -- if workflow_status.attributes
    schedule_name, -- if workflow_status.schedule_name
    -- if workflow_status.is_debounced
    coalesce(is_debounced, false),
    created_at + debounce_timeout_ms,
    -- end
    -- end
    coalesce(
      class_name, -- if :all_columns
      case serialization when 'js_superjson' then '' end, -- if not workflow_status.serialization
      null
    ),
    coalesce(
      authenticated_user, -- if :all_columns
      ''
    ),
    coalesce(
      assumed_role, -- if :all_columns
      ''
    ),
    coalesce(
      authenticated_roles, -- if :all_columns
      '[]'
    ),
    coalesce(
      priority, -- if :all_columns
      0
    ),
    coalesce(
      case when delay_ms > 0 then 'DELAYED' end, -- if :all_columns
      'ENQUEUED'
    ),
    workflow_id,
    name,
    queue_name,
    '',
    application_version,
    '',
    application_name, -- if workflow_status.application_name
    created_at,
    created_at,
    0,
    serialization, -- if workflow_status.serialization
    creator_xid, -- if workflow_status.creator_xid
    creator_xid, -- if workflow_status.owner_xid and not workflow_status.creator_xid
    inputs
  from job
  where not exists (select from old_inputs) -- if workflow_input and :find_old_inputs
  on conflict do nothing -- if :check_conflicts
  returning
    creator_xid, -- if workflow_status.creator_xid
    owner_xid, -- if workflow_status.owner_xid and not workflow_status.creator_xid
    workflow_uuid,
    created_at
),
-- if :check_conflicts
conflict as (
  select *
  from job
  where not exists (
    select
    from inserted
    where true
      and inserted.creator_xid = job.creator_xid -- if workflow_status.creator_xid
      and inserted.owner_xid = job.creator_xid -- if workflow_status.owner_xid and not workflow_status.creator_xid
      -- if not workflow_status.owner_xid and not workflow_status.creator_xid
      and inserted.workflow_uuid = job.workflow_id
      and inserted.created_at = job.created_at
      -- end
  )
),
-- end
-- if workflow_input
payload as (
  insert into :schema.workflow_input (workflow_uuid, inputs)
  select workflow_id, inputs
  from job
  where ordinality not in (select ordinality from conflict) -- if :check_conflicts
  on conflict (workflow_uuid) do update set inputs = excluded.inputs -- if :replace_inputs
),
-- end
stamp as (
  select max(created_at)::text as last_created_at
  from inserted
)
select
  -- if :check_conflicts
  (conflict.ordinality - 1)::int as position,
  existing.workflow_uuid as existing_id,
  existing.status,
  existing.name,
  existing.class_name::text,
  existing.config_name::text,
  coalesce(
    existing.creator_xid = conflict.creator_xid, -- if workflow_status.creator_xid
    existing.owner_xid = conflict.creator_xid, -- if workflow_status.owner_xid and not workflow_status.creator_xid
    false
  ) as is_own,
  holder.workflow_uuid as holder_id, -- if :all_columns
  -- if workflow_input and :find_old_inputs
  conflict.workflow_id in (select workflow_id from old_inputs) as has_old_inputs,
  -- end
  -- end
  stamp.last_created_at,
  clock.server_ms::text
from stamp
cross join clock
-- if :check_conflicts
left join conflict on true
left join lateral (
  select
    status,
    name,
    class_name,
    config_name,
    creator_xid, -- if workflow_status.creator_xid
    owner_xid, -- if workflow_status.owner_xid and not workflow_status.creator_xid
    workflow_uuid
  from :schema.workflow_status
  where workflow_uuid = conflict.workflow_id
  limit 1
) as existing on true
-- if :all_columns
left join lateral (
  select workflow_uuid
  from :schema.workflow_status
  where queue_name = conflict.queue_name and deduplication_id = conflict.deduplication_id
  limit 1
) as holder on true
-- end
-- end
