-- update_due_workflows() none
--
-- Cancels the workflows whose deadline has passed, and puts those on their queue whose delay is over. A
-- debounced workflow gives up its key with that, so that the next call starts anew.
with present as (
  select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms
),
cancelled as (
  update :schema.workflow_status
  set
    status = 'CANCELLED',
    owner_xid = null,
    queue_name = null,
    deduplication_id = null,
    started_at_epoch_ms = null,
    completed_at = ms,
    updated_at = ms
  from present
  where status in ('ENQUEUED', 'PENDING', 'DELAYED')
    and workflow_deadline_epoch_ms <= ms
)
update :schema.workflow_status
set
  status = 'ENQUEUED',
  deduplication_id = case when is_debounced then null else deduplication_id end,
  updated_at = ms
from present
where status = 'DELAYED'
  and delay_until_epoch_ms <= ms
  and (workflow_deadline_epoch_ms > ms) is not false
