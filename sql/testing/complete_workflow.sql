-- complete_workflow(status text, workflow_id text, owner_xid? text, output text?, error text?) one
-- row: completed int
--
-- Records the result or the error of a workflow that has not ended, unless it is run under another token
-- than the one given. Counts what it completed: 0 or 1.
with completed as (
  update :schema.workflow_status
  set
    status = :status::text,
    owner_xid = null,
    deduplication_id = null,
    completed_at = present.ms,
    updated_at = present.ms
  from (select (extract(epoch from statement_timestamp()) * 1000)::bigint as ms) as present
  where workflow_uuid = :workflow_id::text
    and status in ('ENQUEUED', 'DELAYED', 'PENDING')
    and owner_xid = :owner_xid::text
  returning workflow_uuid
),
payload as (
  insert into :schema.workflow_output (workflow_uuid, output, error)
  select workflow_uuid, :output::text, :error::text
  from completed
  on conflict (workflow_uuid) do update set output = excluded.output, error = excluded.error
)
select count(*)::int as completed
from completed
