-- list_steps(load_output? int, limit? int, offset? int, workflow_id text) many
-- row: function_id int?, name text?, output text?, error text?, serialization text?,
-- row: started_at_epoch_ms bigint?, completed_at_epoch_ms bigint?, child_workflow_id text?
--
-- Lists the steps of a workflow in their order. A workflow without steps has one row without a
-- function_id. A workflow that does not exist has no row. The empty error that Go's workers write for a
-- success is null.
select
  step.function_id,
  step.function_name as name,
  step.output, -- if :load_output
  nullif(step.error, '') as error, -- if :load_output
  step.serialization, -- if operation_outputs.serialization
  step.started_at_epoch_ms, -- if operation_outputs.started_at_epoch_ms
  step.completed_at_epoch_ms, -- if operation_outputs.completed_at_epoch_ms
  step.child_workflow_id
from :schema.workflow_status as ws
left join lateral (
  select *
  from :schema.operation_outputs as step
  where step.workflow_uuid = ws.workflow_uuid
  order by step.function_id
  limit :limit::int
  offset :offset::int
) as step on true
where statement_timestamp() is not null
  and ws.workflow_uuid = :workflow_id::text
order by step.function_id
