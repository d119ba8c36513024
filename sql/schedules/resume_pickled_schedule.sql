-- resume_pickled_schedule(name text) optional
-- row: schedule_name text
-- needs workflow_schedules for schedules
--
-- Resumes a schedule if its context is a pickle. Returns no row if it is not, or does not exist.
update :schema.workflow_schedules
set status = 'ACTIVE'
where schedule_name = :name::text
  and context ~ '^gA[I-X]'
returning schedule_name
