-- delete_workflows(workflow_ids text, with_children int) none
--
-- Deletes workflows and all that belongs to them. Foreign keys take messages, events and streams
-- along; inputs, outputs and, in newer schemas, steps have none.
with recursive target as (
  select json_array_elements_text(:workflow_ids::text::json) as workflow_uuid
  union -- workflow_status.parent_workflow_id
  select child.workflow_uuid -- workflow_status.parent_workflow_id
  from target -- workflow_status.parent_workflow_id
  join :schema.workflow_status as child -- workflow_status.parent_workflow_id
    on child.parent_workflow_id = target.workflow_uuid -- workflow_status.parent_workflow_id
  where :with_children::int = 1 -- workflow_status.parent_workflow_id
),
deleted_inputs as ( -- workflow_input
  delete from :schema.workflow_input -- workflow_input
  where workflow_uuid = any(array(select workflow_uuid from target)) -- workflow_input
), -- workflow_input
deleted_outputs as ( -- workflow_output
  delete from :schema.workflow_output -- workflow_output
  where workflow_uuid = any(array(select workflow_uuid from target)) -- workflow_output
), -- workflow_output
deleted_steps as (
  delete from :schema.operation_outputs
  where workflow_uuid = any(array(select workflow_uuid from target))
)
delete from :schema.workflow_status
where workflow_uuid = any(array(select workflow_uuid from target))
