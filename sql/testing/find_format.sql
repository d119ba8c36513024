-- find_format(workflow_id text) optional
-- row: status text, serialization text?
--
-- Finds the format in which the values of a workflow are written, and its status.
select
  status,
  serialization
from :schema.workflow_status
where workflow_uuid = :workflow_id::text
  and statement_timestamp() is not null
