-- set_workflow_delay(delays text) none
--
-- Changes until when a delayed workflow is kept from running: to a time, or to a time from now.
-- Applications move a workflow whose time has come to its queue.
update :schema.workflow_status
set
  delay_until_epoch_ms = coalesce( -- workflow_status.delay_until_epoch_ms
    delay.until_epoch_ms, present.ms + delay.delay_ms -- workflow_status.delay_until_epoch_ms
  ), -- workflow_status.delay_until_epoch_ms
  updated_at = present.ms
from json_to_recordset(:delays::text::json) as delay (
    workflow_id text,
    until_epoch_ms bigint,
    delay_ms bigint
  ),
  (select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present
where workflow_uuid = delay.workflow_id
  and status = 'DELAYED'
