// Generated from the .sql files here by `deno task sql`: change those, not this.

import type { Statement } from "../statement.ts";

export const describeSystemDatabase: Statement<Record<never, never>, {
  schema_version: string | null;
  application_names: string;
  queues: string;
}> = {
  name: "describe_system_database",
  conditions: [
    "dbos_migrations",
    "application_versions.application_name",
    "queues.application_name",
    "workflow_schedules.application_name",
    "queues",
  ],
  lines: [
    "select coalesce(",
    ["(select max(version) from :schema.dbos_migrations)::text,", 1],
    "null::text) as schema_version,(select coalesce(json_agg(owner.name order by owner.name),'[]')::text from (select null::text as name",
    ["union select application_name from :schema.application_versions", 2],
    ["union select application_name from :schema.queues", 3],
    ["union select application_name from :schema.workflow_schedules", 4],
    ") as owner where owner.name is not null) as application_names,coalesce(",
    ["(select json_agg(name order by name) from :schema.queues)::text,", 5],
    "'[]') as queues",
  ],
};

export const listApplicationVersions: Statement<{
  application_names: string | null;
  most: number | null;
}, {
  version_id: string;
  version_name: string;
  application_name: string | null;
  version_timestamp: string;
  created_at: string;
}> = {
  name: "list_application_versions",
  conditions: ["application_versions.application_name"],
  lines: [
    "select version_id,version_name,",
    ["application_name,", 1],
    "version_timestamp::text,created_at::text from :schema.application_versions as version where true",
    [
      "and (application_name is null or :application_names::text is null or application_name in (select json_array_elements_text(:application_names::text::json)))",
      1,
    ],
    "order by version.version_timestamp desc limit :most::int",
  ],
};

export const renameApplication: Statement<{
  new_name: string;
  old_name: string | null;
  adopt_unclaimed: number;
}, {
  queues: number;
  schedules: number;
  versions: number;
  workflows: number;
}> = {
  name: "rename_application",
  conditions: [],
  lines: [
    "with moved_queues as (update :schema.queues set application_name = :new_name::text where application_name = :old_name::text or application_name is null and :adopt_unclaimed::int = 1 returning name),moved_schedules as (update :schema.workflow_schedules set application_name = :new_name::text where application_name = :old_name::text or application_name is null and :adopt_unclaimed::int = 1 returning schedule_id),moved_versions as (update :schema.application_versions set application_name = :new_name::text where application_name = :old_name::text or application_name is null and :adopt_unclaimed::int = 1 returning version_id),moved_workflows as (update :schema.workflow_status set application_name = :new_name::text where status in ('PENDING','ENQUEUED','DELAYED') and (application_name = :old_name::text or application_name is null and :adopt_unclaimed::int = 1) returning workflow_uuid) select (select count(*) from moved_queues)::int as queues,(select count(*) from moved_schedules)::int as schedules,(select count(*) from moved_versions)::int as versions,(select count(*) from moved_workflows)::int as workflows",
  ],
};

export const renameSteps: Statement<{
  old_name: string | null;
  adopt_unclaimed: number;
  after: string;
  most: number | null;
  new_name: string;
}, {
  moved: number;
  last_id: string | null;
}> = {
  name: "rename_steps",
  conditions: [],
  lines: [
    "with batch as (select max(workflow_uuid) as last_id from (select workflow_uuid from :schema.operation_outputs where (application_name = :old_name::text or application_name is null and :adopt_unclaimed::int = 1) and workflow_uuid > :after::text order by workflow_uuid limit :most::int) as batch),moved as (update :schema.operation_outputs set application_name = :new_name::text where (application_name = :old_name::text or application_name is null and :adopt_unclaimed::int = 1) and workflow_uuid > :after::text and workflow_uuid <= (select last_id from batch) returning workflow_uuid) select (select count(*) from moved)::int as moved,last_id from batch",
  ],
};

export const renameWorkflows: Statement<{
  old_name: string | null;
  adopt_unclaimed: number;
  after: string;
  most: number | null;
  new_name: string;
}, {
  moved: number;
  last_id: string | null;
}> = {
  name: "rename_workflows",
  conditions: [],
  lines: [
    "with batch as (select max(workflow_uuid) as last_id from (select workflow_uuid from :schema.workflow_status where (application_name = :old_name::text or application_name is null and :adopt_unclaimed::int = 1) and workflow_uuid > :after::text order by workflow_uuid limit :most::int) as batch),moved as (update :schema.workflow_status set application_name = :new_name::text where (application_name = :old_name::text or application_name is null and :adopt_unclaimed::int = 1) and workflow_uuid > :after::text and workflow_uuid <= (select last_id from batch) returning workflow_uuid) select (select count(*) from moved)::int as moved,last_id from batch",
  ],
};

export const setLatestApplicationVersion: Statement<{
  version_name: string;
  application_name: string | null;
}, {
  application_name: string | null;
  is_set: boolean;
}> = {
  name: "set_latest_application_version",
  conditions: ["application_versions.application_name"],
  lines: [
    "with version as (select",
    ["application_name,", 1],
    "version_id from :schema.application_versions where version_name = :version_name::text for update),latest as (select max(version_timestamp) as version_timestamp from :schema.application_versions where true",
    ["and coalesce(application_name = :application_name::text,true)", 1],
    "),updated as (update :schema.application_versions as updated set",
    ["application_name = coalesce(version.application_name,:application_name::text),", 1],
    "version_timestamp = greatest((extract(epoch from statement_timestamp()) * 1000)::bigint,latest.version_timestamp + 1) from version cross join latest where updated.version_id = version.version_id",
    ["and coalesce(version.application_name = :application_name::text,true)", 1],
    "returning updated.version_id) select",
    ["application_name,", 1],
    "exists (select from updated) as is_set from version",
  ],
};
