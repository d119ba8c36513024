-- cancel_workflows(workflow_ids text, separator text, with_children? int) one
-- row: cancelled int
--
-- Cancels those of the workflows that have not ended, takes them off their queues and counts them.
-- A workflow that was cancelled before keeps its times, so the statement can be sent again.
--
-- With children it must be sent until it cancels none. A workflow that starts a child holds a lock
-- on its own row, so the child may appear after this statement began, but before its parent is
-- cancelled. A cancelled parent starts none.
with recursive target as (
  select unnest((select string_to_array(:workflow_ids::text, :separator::text))) as workflow_uuid
  -- if workflow_status.parent_workflow_id and :with_children
  union
  select child.workflow_uuid
  from target
  join :schema.workflow_status as child on child.parent_workflow_id = target.workflow_uuid
  -- end
),
cancelled as (
  update :schema.workflow_status
  set
    status = 'CANCELLED',
    owner_xid = null, -- if workflow_status.owner_xid
    queue_name = null,
    deduplication_id = null,
    started_at_epoch_ms = null,
    completed_at = present.ms, -- if workflow_status.completed_at
    updated_at = present.ms
  from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present
  where workflow_uuid = any(array(select workflow_uuid from target))
    and status not in ('SUCCESS', 'ERROR', 'CANCELLED')
  returning workflow_uuid
)
select count(*)::int as cancelled
from cancelled
