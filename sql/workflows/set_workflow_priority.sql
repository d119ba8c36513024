-- set_workflow_priority(priority int, workflow_id text) none
--
-- Changes the priority of a workflow that no worker has taken from its queue yet.
update :schema.workflow_status
set
  priority = :priority::int,
  updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint
where workflow_uuid = :workflow_id::text
  and status in ('ENQUEUED', 'DELAYED')
