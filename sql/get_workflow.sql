-- get_workflow(workflow_id text) optional
-- row: workflow_id text, status text, name text, class_name text?, config_name text?,
-- row: queue_name text?, authenticated_user text?, assumed_role text?, authenticated_roles text?,
-- row: inputs text?, output text?, error text?, serialization text?, executor_id text?,
-- row: application_version text?, application_name text?, recovery_attempts text?,
-- row: created_at text, updated_at text?, timeout_ms text?, deadline_epoch_ms text?,
-- row: deduplication_id text?, priority int?, queue_partition_key text?, started_at_epoch_ms text?,
-- row: delay_until_epoch_ms text?, completed_at text?, forked_from text?, was_forked_from boolean?,
-- row: parent_workflow_id text?, attributes text?, schedule_name text?
--
-- One workflow with its input and outcome.
select
  ws.workflow_uuid as workflow_id,
  ws.status,
  ws.name,
  ws.class_name::text,
  ws.config_name::text,
  ws.queue_name,
  ws.authenticated_user,
  ws.assumed_role,
  ws.authenticated_roles,
  coalesce(
    wi.inputs, -- workflow_input
    ws.inputs
  ) as inputs,
  coalesce(
    wo.output, -- workflow_output
    ws.output
  ) as output,
  coalesce(
    wo.error, -- workflow_output
    ws.error
  ) as error,
  ws.serialization, -- workflow_status.serialization
  ws.executor_id,
  ws.application_version,
  ws.application_name, -- workflow_status.application_name
  ws.recovery_attempts::text,
  ws.updated_at::text,
  ws.workflow_timeout_ms::text as timeout_ms,
  ws.workflow_deadline_epoch_ms::text as deadline_epoch_ms,
  ws.deduplication_id,
  ws.priority,
  ws.queue_partition_key, -- workflow_status.queue_partition_key
  ws.started_at_epoch_ms::text,
  ws.delay_until_epoch_ms::text, -- workflow_status.delay_until_epoch_ms
  ws.completed_at::text, -- workflow_status.completed_at
  ws.forked_from,
  ws.was_forked_from, -- workflow_status.was_forked_from
  ws.parent_workflow_id, -- workflow_status.parent_workflow_id
  ws.attributes::text, -- workflow_status.attributes
  ws.schedule_name, -- workflow_status.schedule_name
  ws.created_at::text
from :schema.workflow_status as ws
left join :schema.workflow_input as wi using (workflow_uuid) -- workflow_input
left join :schema.workflow_output as wo using (workflow_uuid) -- workflow_output
where ws.workflow_uuid = :workflow_id::text
