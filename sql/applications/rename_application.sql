-- rename_application(new_name text, old_name text?, adopt_unclaimed int) one
-- row: queues int, schedules int, versions int, workflows int
-- needs operation_outputs.application_name, workflow_status.application_name,
-- needs queues.application_name, workflow_schedules.application_name,
-- needs application_versions.application_name for renameApplication
--
-- Gives an application the queues, schedules, versions and unfinished workflows of another, those
-- that belong to none, or both. They go together: workers that found half of them would run
-- workflows whose version they cannot see. Returns how many were moved.
with moved_queues as (
  update :schema.queues
  set application_name = :new_name::text
  where application_name = :old_name::text
    or application_name is null and :adopt_unclaimed::int = 1
  returning name
),
moved_schedules as (
  update :schema.workflow_schedules
  set application_name = :new_name::text
  where application_name = :old_name::text
    or application_name is null and :adopt_unclaimed::int = 1
  returning schedule_id
),
moved_versions as (
  update :schema.application_versions
  set application_name = :new_name::text
  where application_name = :old_name::text
    or application_name is null and :adopt_unclaimed::int = 1
  returning version_id
),
moved_workflows as (
  update :schema.workflow_status
  set application_name = :new_name::text
  where status in ('PENDING', 'ENQUEUED', 'DELAYED')
    and (
      application_name = :old_name::text
      or application_name is null and :adopt_unclaimed::int = 1
    )
  returning workflow_uuid
)
select
  (select count(*) from moved_queues)::int as queues,
  (select count(*) from moved_schedules)::int as schedules,
  (select count(*) from moved_versions)::int as versions,
  (select count(*) from moved_workflows)::int as workflows
