-- delete_workflows(workflow_ids text, separator text, with_children? int) none
--
-- Deletes workflows with all that belongs to them. Foreign keys delete their messages, events and
-- streams. Inputs and outputs have none, nor have steps in newer schemas.
with recursive target as (
  select unnest((select string_to_array(:workflow_ids::text, :separator::text))) as workflow_uuid
  -- if workflow_status.parent_workflow_id and :with_children
  union
  select child.workflow_uuid
  from target
  join :schema.workflow_status as child on child.parent_workflow_id = target.workflow_uuid
  -- end
),
-- if workflow_input
deleted_inputs as (
  delete from :schema.workflow_input
  where workflow_uuid = any(array(select workflow_uuid from target))
),
-- end
-- if workflow_output
deleted_outputs as (
  delete from :schema.workflow_output
  where workflow_uuid = any(array(select workflow_uuid from target))
),
-- end
deleted_steps as (
  delete from :schema.operation_outputs
  where workflow_uuid = any(array(select workflow_uuid from target))
)
delete from :schema.workflow_status
where workflow_uuid = any(array(select workflow_uuid from target))
