-- set_workflow_delay(until_epoch_ms int?, delay_ms int?, workflow_id text) none
-- needs workflow_status.delay_until_epoch_ms for setWorkflowDelay
--
-- Changes the time until which a workflow is delayed, to a given time or to a time from now. When it
-- has come, an application moves the workflow to its queue.
update :schema.workflow_status
set
  delay_until_epoch_ms = coalesce(:until_epoch_ms::bigint, present.ms + :delay_ms::bigint),
  updated_at = present.ms
from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present
where workflow_uuid = :workflow_id::text
  and status = 'DELAYED'
