-- end_delays() one
-- row: ended int
--
-- Ends the delays of all delayed workflows, and counts them.
with ended as (
  update :schema.workflow_status
  set delay_until_epoch_ms = (extract(epoch from statement_timestamp()) * 1000)::bigint
  where status = 'DELAYED'
  returning workflow_uuid
)
select count(*)::int as ended
from ended
