-- look(outcomes text, events text, ends text, streams text, most_rows int) many
-- row: kind text, position int, workflow_id text, status text?, value text?, error text?,
-- row: serialization text?, is_outdated boolean?, ended_at text?
--
-- What has come of all that a client waits for, each with its position in its list: the outcome of
-- each workflow that has ended, each event that has been set, the bare end of each workflow whose
-- outcome is not asked for, and the values of each stream from an offset on.
--
-- The values of a stream are a JSON array of pairs, a value and its serialization: as many as
-- follow each other without a gap, and no more than `most`. Without any, there is a row only if the
-- workflow has ended or is not there. Status and values are of one snapshot, so an ended workflow without a
-- value has none to come, unless it was cancelled and its worker has yet to notice.
--
-- `limit 1` has each workflow looked up by its ID, even where the statistics are out of date.
--
-- `is_outdated` says that outcomes have a table by now that the statement was not made for.
--
-- Of more than `most_rows` rows, some: those left out are found by asking for them again.
select
  'outcome' as kind,
  (wanted.position - 1)::int as position,
  ws.workflow_uuid as workflow_id,
  ws.status,
  coalesce(
    wo.output, -- workflow_output
    ws.output
  ) as value,
  coalesce(
    wo.error, -- workflow_output
    ws.error
  ) as error,
  coalesce(
    ws.serialization, -- workflow_status.serialization
    null::text
  ) as serialization,
  exists ( -- not workflow_output
    select from pg_catalog.pg_class as here -- not workflow_output
    join pg_catalog.pg_class as beside using (relnamespace) -- not workflow_output
    where here.oid = ws.tableoid and beside.relname = 'workflow_output' -- not workflow_output
  ) as is_outdated, -- not workflow_output
  coalesce(
    ws.completed_at, -- workflow_status.completed_at
    ws.updated_at
  )::text as ended_at
from json_array_elements_text(:outcomes::text::json)
  with ordinality as wanted (workflow_id, position)
cross join lateral (
  select
    workflow_uuid,
    output,
    error,
    serialization, -- workflow_status.serialization
    tableoid, -- not workflow_output
    completed_at, -- workflow_status.completed_at
    updated_at,
    status
  from :schema.workflow_status
  where workflow_uuid = wanted.workflow_id
  limit 1
) as ws
left join :schema.workflow_output as wo using (workflow_uuid) -- workflow_output
where ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
union all
select
  'event',
  (wanted.position - 1)::int,
  event.workflow_uuid,
  null,
  event.value,
  null,
  coalesce(
    event.serialization, -- workflow_events.serialization
    null::text
  ),
  null, -- not workflow_output
  null
from rows from (
  json_to_recordset(:events::text::json) as (workflow_id text, key text)
) with ordinality as wanted (workflow_id, key, position)
join :schema.workflow_events as event
  on event.workflow_uuid = wanted.workflow_id and event.key = wanted.key
union all
select
  'end',
  (wanted.position - 1)::int,
  ws.workflow_uuid,
  ws.status,
  null,
  null,
  null,
  null, -- not workflow_output
  coalesce(
    ws.completed_at, -- workflow_status.completed_at
    ws.updated_at
  )::text
from json_array_elements_text(:ends::text::json)
  with ordinality as wanted (workflow_id, position)
cross join lateral (
  select
    workflow_uuid,
    completed_at, -- workflow_status.completed_at
    updated_at,
    status
  from :schema.workflow_status
  where workflow_uuid = wanted.workflow_id
  limit 1
) as ws
where ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
union all
select
  'stream',
  (wanted.position - 1)::int,
  wanted.workflow_id,
  ws.status,
  available.pairs,
  null,
  null,
  null, -- not workflow_output
  null
from rows from (
  json_to_recordset(:streams::text::json)
    as (workflow_id text, key text, "offset" bigint, most bigint)
) with ordinality as wanted (workflow_id, key, "offset", most, position)
left join :schema.workflow_status as ws on ws.workflow_uuid = wanted.workflow_id
cross join lateral (
  select json_agg(json_build_array(value, serialization) order by "offset")::text as pairs
  from (
    select
      stream.value,
      coalesce(
        stream.serialization, -- streams.serialization
        null::text
      ) as serialization,
      stream."offset",
      wanted."offset" - 1 + row_number() over (order by stream."offset") as expected
    from :schema.streams as stream
    where stream.workflow_uuid = wanted.workflow_id
      and stream.key = wanted.key
      and stream."offset" >= wanted."offset"
      and stream."offset" < wanted."offset" + wanted.most
  ) as following
  where "offset" = expected
) as available
where available.pairs is not null
  or ws.status is null
  or ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
limit :most_rows::int
