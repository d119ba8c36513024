-- delete_schedule(name text) none
-- needs workflow_schedules for schedules
--
-- Deletes a schedule, if it exists.
delete from :schema.workflow_schedules
where schedule_name = :name::text
