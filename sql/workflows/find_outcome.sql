-- find_outcome(workflow_id text) optional
-- row: position int, workflow_id text, status text, value text?, error text?, serialization text?,
-- row: is_outdated boolean?, completed_at text
--
-- Returns how a workflow ended, as find_outcomes.sql does for a list.
with found as (
  select
    workflow_uuid,
    status,
    output,
    error,
    serialization, -- if workflow_status.serialization
    coalesce(
      completed_at, -- if workflow_status.completed_at
      updated_at
    ) as completed_at
  from :schema.workflow_status
  where workflow_uuid = :workflow_id::text
    and status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
  limit 1
)
select
  0 as position,
  ws.workflow_uuid as workflow_id,
  ws.status,
  coalesce(
    wo.output, -- if workflow_output
    ws.output
  ) as value,
  nullif(
    coalesce(
      wo.error, -- if workflow_output
      ws.error
    ),
    ''
  ) as error,
  ws.serialization, -- if workflow_status.serialization
  to_regclass(:'schema' || '.workflow_output') is not null as is_outdated, -- if not workflow_output
  ws.completed_at::text
from found as ws
-- if workflow_output
left join lateral (
  select output, error
  from :schema.workflow_output
  where workflow_uuid = ws.workflow_uuid
  limit 1
) as wo on true
-- end
where statement_timestamp() is not null
