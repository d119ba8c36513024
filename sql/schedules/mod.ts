// Generated from the .sql files of this folder by `deno task sql`. Do not edit.

import type { Statement } from "../statement.ts";

export const applySchedules: Statement<{
  schedules: string;
}, {
  application_name: string | null;
  schedule_name: string;
}> = {
  name: "apply_schedules",
  needs: { columns: ["workflow_schedules"], feature: "schedules" },
  columns: "application_name text if workflow_schedules.application_name, schedule_name text",
  hash: "_Fn-3QlfXv0cU3A9",
  sql: `
with input as (
select *
from json_to_recordset(:schedules::text::json) as input (
schedule_id text,
schedule_name text,
workflow_name text,
workflow_class_name text,
schedule text,
context text,
automatic_backfill boolean,
cron_timezone text,
queue_name text,
application_name text
)
),
existing as (
select
existing.application_name, -- if workflow_schedules.application_name
existing.schedule_name
from :schema.workflow_schedules as existing
where existing.schedule_name in (select schedule_name from input)
order by existing.schedule_name
for update
),
conflicting as (
select
existing.application_name, -- if workflow_schedules.application_name
existing.schedule_name
from existing
join input using (schedule_name)
where false
or existing.application_name <> input.application_name -- if workflow_schedules.application_name
),
written as (
insert into :schema.workflow_schedules as written (
schedule_id,
schedule_name,
workflow_name,
workflow_class_name,
schedule,
context,
automatic_backfill, -- if workflow_schedules.automatic_backfill
cron_timezone, -- if workflow_schedules.cron_timezone
queue_name, -- if workflow_schedules.queue_name
application_name, -- if workflow_schedules.application_name
status
)
select
schedule_id,
schedule_name,
workflow_name,
workflow_class_name,
schedule,
context,
automatic_backfill, -- if workflow_schedules.automatic_backfill
cron_timezone, -- if workflow_schedules.cron_timezone
queue_name, -- if workflow_schedules.queue_name
application_name, -- if workflow_schedules.application_name
'ACTIVE'
from input
where not exists (select from conflicting)
order by schedule_name
on conflict (schedule_name) do update set
workflow_name = excluded.workflow_name,
workflow_class_name = excluded.workflow_class_name,
schedule = excluded.schedule,
automatic_backfill = excluded.automatic_backfill, -- if workflow_schedules.automatic_backfill
cron_timezone = excluded.cron_timezone, -- if workflow_schedules.cron_timezone
queue_name = excluded.queue_name, -- if workflow_schedules.queue_name
-- if workflow_schedules.application_name
application_name = coalesce(written.application_name, excluded.application_name),
-- end
context = excluded.context
where true
-- if workflow_schedules.application_name
and coalesce(written.application_name = excluded.application_name, true)
-- end
returning schedule_name
)
select
conflicting.application_name, -- if workflow_schedules.application_name
conflicting.schedule_name
from conflicting
union all
select
null, -- if workflow_schedules.application_name
input.schedule_name
from input
where not exists (select from conflicting)
and input.schedule_name not in (select schedule_name from written)`,
};

export const createSchedule: Statement<{
  schedule: string;
}, {
  application_name: string | null;
  schedule_id: string | null;
}> = {
  name: "create_schedule",
  needs: { columns: ["workflow_schedules"], feature: "schedules" },
  columns: "application_name text if workflow_schedules.application_name, schedule_id text",
  hash: "m4ejvY93z465LDub",
  sql: `
with input as (
select *
from json_to_recordset(:schedule::text::json) as input (
schedule_id text,
schedule_name text,
workflow_name text,
workflow_class_name text,
schedule text,
context text,
automatic_backfill boolean,
cron_timezone text,
queue_name text,
application_name text
)
),
inserted as (
insert into :schema.workflow_schedules (
schedule_id,
schedule_name,
workflow_name,
workflow_class_name,
schedule,
context,
automatic_backfill, -- if workflow_schedules.automatic_backfill
cron_timezone, -- if workflow_schedules.cron_timezone
queue_name, -- if workflow_schedules.queue_name
application_name, -- if workflow_schedules.application_name
status
)
select
schedule_id,
schedule_name,
workflow_name,
workflow_class_name,
schedule,
context,
automatic_backfill, -- if workflow_schedules.automatic_backfill
cron_timezone, -- if workflow_schedules.cron_timezone
queue_name, -- if workflow_schedules.queue_name
application_name, -- if workflow_schedules.application_name
'ACTIVE'
from input
on conflict do nothing
returning schedule_id
)
select
existing.application_name, -- if workflow_schedules.application_name
existing.schedule_id
from input
left join :schema.workflow_schedules as existing using (schedule_name)
where not exists (select from inserted)`,
};

export const deleteSchedule: Statement<{
  name: string;
}, Record<never, never>> = {
  name: "delete_schedule",
  needs: { columns: ["workflow_schedules"], feature: "schedules" },

  hash: "wXqoRQheT-WT7B4M",
  sql: `
delete from :schema.workflow_schedules
where schedule_name = :name::text`,
};

export const findOwners: Statement<{
  names: string;
  separator: string;
}, {
  application_name: string | null;
  schedule_name: string;
}> = {
  name: "find_owners",
  needs: { columns: ["workflow_schedules"], feature: "schedules" },
  columns: "application_name text if workflow_schedules.application_name, schedule_name text",
  hash: "Ya6Gb_7VLm_dxFrw",
  sql: `
select
application_name, -- if workflow_schedules.application_name
schedule_name
from :schema.workflow_schedules
where statement_timestamp() is not null
and schedule_name = any(string_to_array(:names::text, :separator::text))`,
};

export const findSchedule: Statement<{
  application_name: string | null;
  name: string;
}, {
  workflow_name: string;
  workflow_class_name: string | null;
  schedule: string;
  cron_timezone: string | null;
  queue_name: string | null;
  application_name: string | null;
  latest_version: string | null;
  context: string;
}> = {
  name: "find_schedule",
  needs: { columns: ["workflow_schedules"], feature: "schedules" },
  columns:
    "workflow_name text, workflow_class_name text, schedule text, cron_timezone text if workflow_schedules.cron_timezone, queue_name text if workflow_schedules.queue_name, application_name text, latest_version text if application_versions, context text",
  hash: "RvH7S0esuKibGNuQ",
  sql: `
with found as (
select
entry.*,
coalesce(
entry.application_name, -- if workflow_schedules.application_name
:application_name::text
) as owner
from :schema.workflow_schedules as entry
where entry.schedule_name = :name::text
)
select
workflow_name,
workflow_class_name,
schedule,
cron_timezone, -- if workflow_schedules.cron_timezone
queue_name, -- if workflow_schedules.queue_name
owner as application_name,
-- if application_versions
(
select version.version_name
from :schema.application_versions as version
where true
-- if application_versions.application_name
and coalesce(version.application_name = owner, true)
-- end
order by version.version_timestamp desc
limit 1
) as latest_version,
-- end
context
from found
where statement_timestamp() is not null`,
};

export const findTraces: Statement<Record<never, never>, {
  application_name: string | null;
  format: string;
}> = {
  name: "find_traces",
  needs: { columns: ["workflow_schedules"], feature: "schedules" },
  columns: "application_name text, format text",
  hash: "HxuxLRtnRI5qgAuX",
  sql: `
select
application_name,
format
from (
select
coalesce(
application_name, -- if workflow_schedules.application_name
null::text
) as application_name,
case
when context ~ '^gA[I-X]' then 'py_pickle'
when context ~ '^(\\{"@class"|\\["[a-z]+(\\.\\w+)+",)' then 'java_jackson'
when cron_timezone = '' then 'DBOS_JSON' -- if workflow_schedules.cron_timezone
end as format
from :schema.workflow_schedules
-- if workflow_status.serialization
union all
select application_name, format
from (
select
coalesce(
application_name, -- if workflow_status.application_name
null::text
) as application_name,
serialization as format
from :schema.workflow_status
order by created_at desc
limit 20000
) as newest
-- end
) as traces
where statement_timestamp() is not null
and format in ('js_superjson', 'py_pickle', 'java_jackson', 'DBOS_JSON', 'DBOS_GOB')
group by application_name, format`,
};

export const listSchedules: Statement<{
  name?: string | undefined;
  prefix?: string | undefined;
  names?: string | undefined;
  separator?: string | undefined;
  prefixes?: string | undefined;
  statuses?: string | undefined;
  workflow_names?: string | undefined;
  application_names?: string | undefined;
}, {
  schedule_id: string;
  schedule_name: string;
  workflow_name: string;
  workflow_class_name: string | null;
  schedule: string;
  status: string;
  last_fired_at: string | null;
  automatic_backfill: boolean | null;
  cron_timezone: string | null;
  queue_name: string | null;
  application_name: string | null;
  context: string;
}> = {
  name: "list_schedules",
  needs: { columns: ["workflow_schedules"], feature: "schedules" },
  columns:
    "schedule_id text, schedule_name text, workflow_name text, workflow_class_name text, schedule text, status text, last_fired_at text if workflow_schedules.last_fired_at, automatic_backfill boolean if workflow_schedules.automatic_backfill, cron_timezone text if workflow_schedules.cron_timezone, queue_name text if workflow_schedules.queue_name, application_name text if workflow_schedules.application_name, context text",
  hash: "RRxBI95GlKUtCQjR",
  sql: `
select
schedule_id,
schedule_name,
workflow_name,
workflow_class_name,
schedule,
status,
last_fired_at, -- if workflow_schedules.last_fired_at
automatic_backfill, -- if workflow_schedules.automatic_backfill
cron_timezone, -- if workflow_schedules.cron_timezone
queue_name, -- if workflow_schedules.queue_name
application_name, -- if workflow_schedules.application_name
context
from :schema.workflow_schedules
where statement_timestamp() is not null
and schedule_name = :name::text
and schedule_name ^@ :prefix::text
and schedule_name = any(string_to_array(:names::text, :separator::text))
and schedule_name ^@ any(string_to_array(:prefixes::text, :separator::text))
and status = any(string_to_array(:statuses::text, :separator::text))
and workflow_name = any(string_to_array(:workflow_names::text, :separator::text))
-- if workflow_schedules.application_name and :application_names
and (
application_name is null
or application_name = any(string_to_array(:application_names::text, :separator::text))
)
-- end
order by schedule_name`,
};

export const resumePickledSchedule: Statement<{
  name: string;
}, {
  schedule_name: string;
}> = {
  name: "resume_pickled_schedule",
  needs: { columns: ["workflow_schedules"], feature: "schedules" },
  columns: "schedule_name text",
  hash: "V_gU55oXdCI2NT5e",
  sql: `
update :schema.workflow_schedules
set status = 'ACTIVE'
where schedule_name = :name::text
and context ~ '^gA[I-X]'
returning schedule_name`,
};

export const setScheduleStatus: Statement<{
  status: string;
  name: string;
}, Record<never, never>> = {
  name: "set_schedule_status",
  needs: { columns: ["workflow_schedules"], feature: "schedules" },

  hash: "A8U71WQoAi4C6p-j",
  sql: `
update :schema.workflow_schedules
set status = :status::text
where schedule_name = :name::text`,
};

export const updateSchedule: Statement<{
  name: string;
  changes: string;
}, {
  schedule_name: string;
}> = {
  name: "update_schedule",
  needs: { columns: ["workflow_schedules"], feature: "schedules" },
  columns: "schedule_name text",
  hash: "nZj7hWNsdCn2h5MR",
  sql: `
with before as (
select entry
from :schema.workflow_schedules as entry
where entry.schedule_name = :name::text
for update
)
update :schema.workflow_schedules as updated
set
schedule = wanted.schedule,
automatic_backfill = wanted.automatic_backfill, -- if workflow_schedules.automatic_backfill
cron_timezone = wanted.cron_timezone, -- if workflow_schedules.cron_timezone
queue_name = wanted.queue_name, -- if workflow_schedules.queue_name
context = wanted.context
from before
cross join jsonb_populate_record(before.entry, :changes::text::jsonb) as wanted
where updated.schedule_id = wanted.schedule_id
returning updated.schedule_name`,
};
