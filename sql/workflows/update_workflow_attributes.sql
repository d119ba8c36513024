-- update_workflow_attributes(workflow_id text, merge int, attributes text?) none
--
-- Replaces the attributes of a workflow, or merges into them by their first level of keys. What is
-- there and is not an object counts as empty.
update :schema.workflow_status
set
  attributes = case -- workflow_status.attributes
    when :merge::int = 1 and jsonb_typeof(attributes) = 'object' -- workflow_status.attributes
      then attributes || :attributes::text::jsonb -- workflow_status.attributes
    else :attributes::text::jsonb -- workflow_status.attributes
  end, -- workflow_status.attributes
  updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint
where workflow_uuid = :workflow_id::text
