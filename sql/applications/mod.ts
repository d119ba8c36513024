// Generated from the .sql files of this folder by `deno task sql`. Do not edit.

import type { Statement } from "../statement.ts";

export const describeSystemDatabase: Statement<Record<never, never>, {
  schema_version: string | null;
  queues: string | null;
  application_names: string;
}> = {
  name: "describe_system_database",

  columns: "schema_version text if dbos_migrations, queues text if queues, application_names text",
  hash: "0YNL_rkJDqGO3-uR",
  sql: `
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
) as application_names`,
};

export const listApplicationVersions: Statement<{
  application_names?: string | undefined;
  separator?: string | undefined;
  limit?: number | undefined;
}, {
  version_id: string;
  version_name: string;
  application_name: string | null;
  version_timestamp: string;
  created_at: string;
}> = {
  name: "list_application_versions",
  needs: {
    columns: ["application_versions"],
    feature: "application versions",
  },
  columns:
    "version_id text, version_name text, application_name text if application_versions.application_name, version_timestamp text, created_at text",
  hash: "vuAPUJlb5tESN2lh",
  sql: `
select
version_id,
version_name,
application_name, -- if application_versions.application_name
version_timestamp::text,
created_at::text
from :schema.application_versions as version
where statement_timestamp() is not null
-- if application_versions.application_name and :application_names
and (
application_name is null
or application_name = any(string_to_array(:application_names::text, :separator::text))
)
-- end
order by version.version_timestamp desc
limit :limit::int`,
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
  needs: {
    columns: [
      "operation_outputs.application_name",
      "workflow_status.application_name",
      "queues.application_name",
      "workflow_schedules.application_name",
      "application_versions.application_name",
    ],
    feature: "renameApplication",
  },
  columns: "queues int, schedules int, versions int, workflows int",
  hash: "P87IxHKOJA6aSk_b",
  sql: `
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
(select count(*) from moved_workflows)::int as workflows`,
};

export const renameSteps: Statement<{
  old_name: string | null;
  adopt_unclaimed: number;
  after: string;
  batch_size?: number | undefined;
  new_name: string;
}, {
  moved: number;
  last_id: string | null;
}> = {
  name: "rename_steps",
  needs: {
    columns: ["operation_outputs.application_name"],
    feature: "renameApplication",
  },
  columns: "moved int, last_id text",
  hash: "W5WraUeUrwrbJIbn",
  sql: `
with batch as (
select max(workflow_uuid) as last_id
from (
select workflow_uuid
from :schema.operation_outputs
where (
application_name = :old_name::text
or application_name is null and :adopt_unclaimed::int = 1
)
and workflow_uuid > :after::text
order by workflow_uuid
limit :batch_size::int
) as batch
),
moved as (
update :schema.operation_outputs
set application_name = :new_name::text
where (
application_name = :old_name::text
or application_name is null and :adopt_unclaimed::int = 1
)
and workflow_uuid > :after::text
and workflow_uuid <= (select last_id from batch)
returning workflow_uuid
)
select
(select count(*) from moved)::int as moved,
last_id
from batch`,
};

export const renameWorkflows: Statement<{
  old_name: string | null;
  adopt_unclaimed: number;
  after: string;
  batch_size?: number | undefined;
  new_name: string;
}, {
  moved: number;
  last_id: string | null;
}> = {
  name: "rename_workflows",
  needs: {
    columns: ["workflow_status.application_name"],
    feature: "renameApplication",
  },
  columns: "moved int, last_id text",
  hash: "Tw6yGE76VU0y82lq",
  sql: `
with batch as (
select max(workflow_uuid) as last_id
from (
select workflow_uuid
from :schema.workflow_status
where (
application_name = :old_name::text
or application_name is null and :adopt_unclaimed::int = 1
)
and workflow_uuid > :after::text
order by workflow_uuid
limit :batch_size::int
) as batch
),
moved as (
update :schema.workflow_status
set application_name = :new_name::text
where (
application_name = :old_name::text
or application_name is null and :adopt_unclaimed::int = 1
)
and workflow_uuid > :after::text
and workflow_uuid <= (select last_id from batch)
returning workflow_uuid
)
select
(select count(*) from moved)::int as moved,
last_id
from batch`,
};

export const setLatestApplicationVersion: Statement<{
  version_name: string;
  application_name: string | null;
}, {
  application_name: string | null;
  is_set: boolean;
}> = {
  name: "set_latest_application_version",
  needs: {
    columns: ["application_versions"],
    feature: "application versions",
  },
  columns: "application_name text if application_versions.application_name, is_set boolean",
  hash: "EZsqs9kXd7zk7xIQ",
  sql: `
with version as (
select
application_name, -- if application_versions.application_name
version_id
from :schema.application_versions
where version_name = :version_name::text
for update
),
latest as (
select max(version_timestamp) as version_timestamp
from :schema.application_versions
where true
-- if application_versions.application_name
and coalesce(application_name = :application_name::text, true)
-- end
),
updated as (
update :schema.application_versions as updated
set
-- if application_versions.application_name
application_name = coalesce(version.application_name, :application_name::text),
-- end
version_timestamp = greatest(
(extract(epoch from statement_timestamp()) * 1000)::bigint,
latest.version_timestamp + 1
)
from version
cross join latest
where updated.version_id = version.version_id
-- if application_versions.application_name
and coalesce(version.application_name = :application_name::text, true)
-- end
returning updated.version_id
)
select
application_name, -- if application_versions.application_name
exists (select from updated) as is_set
from version`,
};
