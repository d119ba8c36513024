-- describe_system_database() one
-- row: schema_version text?, application_names text, queues text
--
-- The version of the schema, and the names of the applications and queues that are registered in it,
-- each as the text of a JSON array. Workflows are not looked at: there may be too many.
select
  coalesce(
    (select max(version) from :schema.dbos_migrations)::text, -- if dbos_migrations
    null::text
  ) as schema_version,
  (
    select coalesce(json_agg(owner.name order by owner.name), '[]')::text
    from (
      select null::text as name
      union select application_name from :schema.application_versions -- if application_versions.application_name
      union select application_name from :schema.queues -- if queues.application_name
      union select application_name from :schema.workflow_schedules -- if workflow_schedules.application_name
    ) as owner
    where owner.name is not null
  ) as application_names,
  coalesce(
    (select json_agg(name order by name) from :schema.queues)::text, -- if queues
    '[]'
  ) as queues
