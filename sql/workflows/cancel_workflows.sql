-- cancel_workflows(workflow_ids text, with_children int) one
-- row: cancelled int
--
-- Cancels those of the workflows that have not ended, takes them off their queues and counts them.
-- What was cancelled before keeps its times, so that the statement may be sent again.
--
-- With children it is to be sent until it finds none. A workflow that starts a child has its own
-- row locked: the child may be there once the parent is cancelled, but not yet when the statement
-- began. From then on the parent starts none.
with recursive target as (
  select json_array_elements_text(:workflow_ids::text::json) as workflow_uuid
  -- if workflow_status.parent_workflow_id
  union
  select child.workflow_uuid
  from target
  join :schema.workflow_status as child
    on child.parent_workflow_id = target.workflow_uuid
  where :with_children::int = 1
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
