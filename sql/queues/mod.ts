// Generated from the .sql files of this folder by `deno task sql`. Do not edit.

import type { Statement } from "../statement.ts";

export const deleteQueue: Statement<{
  name: string;
}, Record<never, never>> = {
  name: "delete_queue",
  needs: { columns: ["queues"], feature: "registered queues" },

  hash: "hlpv_Z5j_ftUHv59",
  sql: `
delete from :schema.queues
where name = :name::text`,
};

export const listQueues: Statement<{
  name?: string | undefined;
  application_names?: string | undefined;
  separator?: string | undefined;
}, {
  name: string;
  concurrency: number | null;
  worker_concurrency: number | null;
  rate_limit_max: number | null;
  rate_limit_period_sec: string | null;
  partition_concurrency: number | null;
  partition_worker_concurrency: number | null;
  partition_rate_limit_max: number | null;
  partition_rate_limit_period_sec: string | null;
  application_name: string | null;
  polling_interval_sec: string;
}> = {
  name: "list_queues",
  needs: { columns: ["queues"], feature: "registered queues" },
  columns:
    "name text, concurrency int, worker_concurrency int, rate_limit_max int, rate_limit_period_sec text, partition_concurrency int if queues.partition_concurrency, partition_worker_concurrency int if queues.partition_concurrency, partition_rate_limit_max int if queues.partition_concurrency, partition_rate_limit_period_sec text if queues.partition_concurrency, application_name text if queues.application_name, polling_interval_sec text",
  hash: "4aPpY_6H5eCovJwJ",
  sql: `
select
name,
concurrency,
worker_concurrency,
rate_limit_max,
rate_limit_period_sec::text,
-- if queues.partition_concurrency
partition_concurrency,
partition_worker_concurrency,
partition_rate_limit_max,
partition_rate_limit_period_sec::text,
-- end
application_name, -- if queues.application_name
polling_interval_sec::text
from :schema.queues
where statement_timestamp() is not null
and name = :name::text
-- if queues.application_name and :application_names
and (
application_name is null
or application_name = any(string_to_array(:application_names::text, :separator::text))
)
-- end
order by name`,
};

export const registerQueue: Statement<{
  queue: string;
  on_conflict: string;
}, {
  name: string;
  concurrency: number | null;
  worker_concurrency: number | null;
  rate_limit_max: number | null;
  rate_limit_period_sec: string | null;
  partition_concurrency: number | null;
  partition_worker_concurrency: number | null;
  partition_rate_limit_max: number | null;
  partition_rate_limit_period_sec: string | null;
  application_name: string | null;
  polling_interval_sec: string;
}> = {
  name: "register_queue",
  needs: { columns: ["queues"], feature: "registered queues" },
  columns:
    "name text, concurrency int, worker_concurrency int, rate_limit_max int, rate_limit_period_sec text, partition_concurrency int if queues.partition_concurrency, partition_worker_concurrency int if queues.partition_concurrency, partition_rate_limit_max int if queues.partition_concurrency, partition_rate_limit_period_sec text if queues.partition_concurrency, application_name text if queues.application_name, polling_interval_sec text",
  hash: "s_ag0qkVKCkAPDl3",
  sql: `
with input as (
select *
from json_to_recordset(:queue::text::json) as input (
name text,
concurrency int,
worker_concurrency int,
rate_limit_max int,
rate_limit_period_sec double precision,
partition_concurrency int,
partition_worker_concurrency int,
partition_rate_limit_max int,
partition_rate_limit_period_sec double precision,
partition_queue boolean,
polling_interval_sec double precision,
application_name text
)
),
registered as (
insert into :schema.queues as queue (
name,
concurrency,
worker_concurrency,
rate_limit_max,
rate_limit_period_sec,
-- if queues.partition_concurrency
partition_concurrency,
partition_worker_concurrency,
partition_rate_limit_max,
partition_rate_limit_period_sec,
partition_queue,
-- end
application_name, -- if queues.application_name
polling_interval_sec,
priority_enabled,
updated_at
)
select
name,
concurrency,
worker_concurrency,
rate_limit_max,
rate_limit_period_sec,
-- if queues.partition_concurrency
partition_concurrency,
partition_worker_concurrency,
partition_rate_limit_max,
partition_rate_limit_period_sec,
partition_queue,
-- end
application_name, -- if queues.application_name
polling_interval_sec,
true,
(extract(epoch from statement_timestamp()) * 1000)::bigint
from input
on conflict (name) do update set
concurrency = excluded.concurrency,
worker_concurrency = excluded.worker_concurrency,
rate_limit_max = excluded.rate_limit_max,
rate_limit_period_sec = excluded.rate_limit_period_sec,
-- if queues.partition_concurrency
partition_concurrency = excluded.partition_concurrency,
partition_worker_concurrency = excluded.partition_worker_concurrency,
partition_rate_limit_max = excluded.partition_rate_limit_max,
partition_rate_limit_period_sec = excluded.partition_rate_limit_period_sec,
partition_queue = excluded.partition_queue,
-- end
-- if queues.application_name
application_name = coalesce(queue.application_name, excluded.application_name),
-- end
polling_interval_sec = excluded.polling_interval_sec,
priority_enabled = excluded.priority_enabled,
updated_at = excluded.updated_at
where :on_conflict::text = 'always_update'
-- if queues.application_name
and coalesce(queue.application_name = excluded.application_name, true)
-- end
returning queue.*
),
found as (
select * from registered
union all
select * from :schema.queues
where name in (select name from input) and not exists (select from registered)
)
select
name,
concurrency,
worker_concurrency,
rate_limit_max,
rate_limit_period_sec::text,
-- if queues.partition_concurrency
partition_concurrency,
partition_worker_concurrency,
partition_rate_limit_max,
partition_rate_limit_period_sec::text,
-- end
application_name, -- if queues.application_name
polling_interval_sec::text
from found`,
};

export const updateQueue: Statement<{
  name: string;
  changes: string;
}, {
  name: string;
  concurrency: number | null;
  worker_concurrency: number | null;
  rate_limit_max: number | null;
  rate_limit_period_sec: string | null;
  partition_concurrency: number | null;
  partition_worker_concurrency: number | null;
  partition_rate_limit_max: number | null;
  partition_rate_limit_period_sec: string | null;
  application_name: string | null;
  polling_interval_sec: string;
  is_updated: boolean;
}> = {
  name: "update_queue",
  needs: { columns: ["queues"], feature: "registered queues" },
  columns:
    "name text, concurrency int, worker_concurrency int, rate_limit_max int, rate_limit_period_sec text, partition_concurrency int if queues.partition_concurrency, partition_worker_concurrency int if queues.partition_concurrency, partition_rate_limit_max int if queues.partition_concurrency, partition_rate_limit_period_sec text if queues.partition_concurrency, application_name text if queues.application_name, polling_interval_sec text, is_updated boolean",
  hash: "4KFVShh9J25D4jWG",
  sql: `
with before as (
select queue
from :schema.queues as queue
where queue.name = :name::text
for update
),
wanted as (
select wanted.*
from before
cross join jsonb_populate_record(before.queue, :changes::text::jsonb) as wanted
),
updated as (
update :schema.queues as queue
set
concurrency = wanted.concurrency,
worker_concurrency = wanted.worker_concurrency,
rate_limit_max = wanted.rate_limit_max,
rate_limit_period_sec = wanted.rate_limit_period_sec,
-- if queues.partition_concurrency
partition_concurrency = wanted.partition_concurrency,
partition_worker_concurrency = wanted.partition_worker_concurrency,
partition_rate_limit_max = wanted.partition_rate_limit_max,
partition_rate_limit_period_sec = wanted.partition_rate_limit_period_sec,
partition_queue = coalesce(
wanted.partition_queue,
num_nonnulls(
wanted.partition_concurrency,
wanted.partition_worker_concurrency,
wanted.partition_rate_limit_max
) > 0
),
-- end
polling_interval_sec = wanted.polling_interval_sec,
updated_at = (extract(epoch from statement_timestamp()) * 1000)::bigint
from wanted
where queue.name = wanted.name
and (
false
-- if queues.partition_concurrency
or wanted.partition_concurrency > wanted.concurrency
or wanted.partition_worker_concurrency
> least(wanted.concurrency, wanted.worker_concurrency, wanted.partition_concurrency)
-- end
or wanted.worker_concurrency > wanted.concurrency
) is not true
returning queue.name
)
select
name,
concurrency,
worker_concurrency,
rate_limit_max,
rate_limit_period_sec::text,
-- if queues.partition_concurrency
partition_concurrency,
partition_worker_concurrency,
partition_rate_limit_max,
partition_rate_limit_period_sec::text,
-- end
application_name, -- if queues.application_name
polling_interval_sec::text,
exists (select from updated) as is_updated
from wanted`,
};
