-- set_schedule_status(status text, name text) none
-- needs workflow_schedules for schedules
--
-- Pauses or resumes a schedule, if it exists.
update :schema.workflow_schedules
set status = :status::text
where schedule_name = :name::text
