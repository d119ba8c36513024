-- set_workflow_delay(until_epoch_ms int?, delay_ms int?, workflow_id text) none
-- needs workflow_status.delay_until_epoch_ms for setWorkflowDelay
--
-- Changes until when a delayed workflow is kept from running: to a time, or to a time from now.
-- Applications move a workflow whose time has come to its queue.
update :schema.workflow_status
set
  -- if workflow_status.delay_until_epoch_ms
  delay_until_epoch_ms = coalesce(
    :until_epoch_ms::bigint, present.ms + :delay_ms::bigint
  ),
  -- end
  updated_at = present.ms
from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present
where workflow_uuid = :workflow_id::text
  and status = 'DELAYED'
