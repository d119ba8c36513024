-- find_owners(names text, separator text) many
-- row: application_name text?, schedule_name text
-- needs workflow_schedules for schedules
--
-- Returns the applications that own schedules of a list of names.
select
  application_name, -- if workflow_schedules.application_name
  schedule_name
from :schema.workflow_schedules
where statement_timestamp() is not null
  and schedule_name = any(string_to_array(:names::text, :separator::text))
