-- find_stream_values(targets text, max_rows int) many
-- row: position int, status text?, pairs text?
-- needs streams for streams
--
-- Returns the values of each stream of a list from an offset on, with its position in the list: a
-- JSON array of pairs of a value and its serialization, at most `max_values`, up to the first gap. A
-- stream without values has a row only if its workflow has ended or does not exist. Status and values
-- are of one snapshot. So a workflow that has ended writes no further values, unless it was cancelled
-- and its worker has not noticed yet.
--
-- There are at most `max_rows` rows; another call finds the ones left out.
select
  (target.ordinality - 1)::int as position,
  ws.status,
  available.pairs
from rows from (
  json_to_recordset(:targets::text::json)
    as (workflow_id text, key text, "offset" bigint, max_values bigint)
) with ordinality as target
left join :schema.workflow_status as ws on ws.workflow_uuid = target.workflow_id
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
      target."offset" - 1 + row_number() over (order by stream."offset") as expected
    from :schema.streams as stream
    where stream.workflow_uuid = target.workflow_id
      and stream.key = target.key
      and stream."offset" >= target."offset"
      and stream."offset" < target."offset" + target.max_values
  ) as following
  where "offset" = expected
) as available
where available.pairs is not null
  or ws.status is null
  or ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
limit :max_rows::int
