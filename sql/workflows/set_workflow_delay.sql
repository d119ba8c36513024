-- set_workflow_delay(until_epoch_ms int?, delay_ms int?, workflow_id text) none
--
-- Changes until when a delayed workflow is kept from running: to a time, or to a time from now.
-- Applications move a workflow whose time has come to its queue.
update :schema.workflow_status
set
  delay_until_epoch_ms = coalesce( -- workflow_status.delay_until_epoch_ms
    :until_epoch_ms::bigint, present.ms + :delay_ms::bigint -- workflow_status.delay_until_epoch_ms
  ), -- workflow_status.delay_until_epoch_ms
  updated_at = present.ms
from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present
where workflow_uuid = :workflow_id::text
  and status = 'DELAYED'
