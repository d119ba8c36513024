-- describe_system_database() one
-- row: schema_version text?, queues text?, application_names text
--
-- Returns the version of the schema, and the names of the applications and queues that are registered
-- in it, each as the text of a JSON array. It does not read workflows: there may be too many.
select
  (select max(version) from :schema.dbos_migrations)::text as schema_version, -- if dbos_migrations
  (select json_agg(name order by name) from :schema.queues)::text as queues, -- if queues
  (
    select coalesce(json_agg(owner.name order by owner.name), '[]')::text
    from (
      select null::text as name
      -- if application_versions.application_name
      union select application_name from :schema.application_versions
      -- end
      -- if queues.application_name
      union select application_name from :schema.queues
      -- end
      -- if workflow_schedules.application_name
      union select application_name from :schema.workflow_schedules
      -- end
    ) as owner
    where owner.name is not null
  ) as application_names
