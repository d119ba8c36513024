-- update_workflow_attributes(merge int, attributes text?, workflow_id text) none
-- needs workflow_status.attributes for updateWorkflowAttributes
--
-- Replaces the attributes of a workflow, or merges into them by their top-level keys. Present
-- attributes that are not an object count as empty.
update :schema.workflow_status
set
  attributes = case
    when :merge::int = 1 and jsonb_typeof(attributes) = 'object'
      then attributes || :attributes::text::jsonb
    else :attributes::text::jsonb
  end,
  updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint
where workflow_uuid = :workflow_id::text
