-- find_stream_values(targets text, max_rows int) many
-- row: position int, status text?, pairs text?
--
-- The values of each stream of a list from an offset on, with its position in the list: a JSON array
-- of pairs, a value and its serialization, as many as follow each other without a gap, and no more than
-- `most`. Without any, there is a row only if the workflow has ended or is not there. Status and values
-- are of one snapshot, so an ended workflow without a value has none to come, unless it was cancelled
-- and its worker has yet to notice.
--
-- Of more than `max_rows` rows, some: those left out are found by asking for them again.
select
  (targets.position - 1)::int as position,
  ws.status,
  available.pairs
from rows from (
  json_to_recordset(:targets::text::json)
    as (workflow_id text, key text, "offset" bigint, most bigint)
) with ordinality as targets (workflow_id, key, "offset", most, position)
left join :schema.workflow_status as ws on ws.workflow_uuid = targets.workflow_id
cross join lateral (
  select json_agg(json_build_array(value, serialization) order by "offset")::text as pairs
  from (
    select
      stream.value,
      coalesce(
        stream.serialization, -- if streams.serialization
        null::text
      ) as serialization,
      stream."offset",
      targets."offset" - 1 + row_number() over (order by stream."offset") as expected
    from :schema.streams as stream
    where stream.workflow_uuid = targets.workflow_id
      and stream.key = targets.key
      and stream."offset" >= targets."offset"
      and stream."offset" < targets."offset" + targets.most
  ) as following
  where "offset" = expected
) as available
where available.pairs is not null
  or ws.status is null
  or ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
limit :max_rows::int
