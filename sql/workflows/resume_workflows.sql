-- resume_workflows(workflow_ids text, separator text, queue_name text, creator_xid text) many
-- row: missing_id text
--
-- Puts those of the workflows that have not ended with a result or an error on a queue, as if they
-- had never started; their steps stay. Unless all of them exist nothing is written, and the IDs of
-- those that do not are returned.
--
-- creator_xid identifies the call: an attempt after a lost answer does not resume a workflow again,
-- which a worker may have started meanwhile. In older schemas, which lack it, that attempt takes the
-- workflow from its worker.
with requested as (
  select distinct workflow_uuid
  from unnest((select string_to_array(:workflow_ids::text, :separator::text))) as workflow_uuid
),
missing as (
  select workflow_uuid
  from requested
  where not exists (
    select from :schema.workflow_status as ws
    where ws.workflow_uuid = requested.workflow_uuid
  )
),
resumed as (
  update :schema.workflow_status
  set
    status = 'ENQUEUED',
    owner_xid = null, -- if workflow_status.owner_xid
    queue_name = :queue_name::text,
    recovery_attempts = 0,
    workflow_deadline_epoch_ms = null,
    deduplication_id = null,
    started_at_epoch_ms = null,
    completed_at = null, -- if workflow_status.completed_at
    creator_xid = :creator_xid::text, -- if workflow_status.creator_xid
    updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint
  where workflow_uuid = any(array(select workflow_uuid from requested))
    and status not in ('SUCCESS', 'ERROR')
    and creator_xid is distinct from :creator_xid::text -- if workflow_status.creator_xid
    and not exists (select from missing)
)
select workflow_uuid as missing_id
from missing
order by missing_id
