-- list_steps(load_output? int, limit? int, offset? int, workflow_id text) many
-- row: function_id int?, name text?, output text?, error text?, serialization text?,
-- row: child_workflow_id text?, started_at_epoch_ms text?, completed_at_epoch_ms text?
--
-- The steps of a workflow in their order. Where it has none there is one row without a function_id,
-- and where there is no such workflow there is no row.
select
  step.function_id,
  step.function_name as name,
  case when false
    or true -- if :load_output
  then
    step.output
  end as output,
  case when false
    or true -- if :load_output
  then
    step.error
  end as error,
  coalesce(
    step.serialization, -- if operation_outputs.serialization
    null::text
  ) as serialization,
  step.child_workflow_id,
  coalesce(
    step.started_at_epoch_ms::text, -- if operation_outputs.started_at_epoch_ms
    null::text
  ) as started_at_epoch_ms,
  coalesce(
    step.completed_at_epoch_ms::text, -- if operation_outputs.completed_at_epoch_ms
    null::text
  ) as completed_at_epoch_ms
from :schema.workflow_status as ws
left join lateral (
  select *
  from :schema.operation_outputs as step
  where step.workflow_uuid = ws.workflow_uuid
  order by step.function_id
  limit :limit::int
  offset :offset::int
) as step on true
where ws.workflow_uuid = :workflow_id::text
order by step.function_id
