-- find_stream_ends(targets text, max_rows int) many
-- row: position int, last_offset int?, last_serialization text?, last_value text?
-- needs streams for streams
--
-- Returns the offset of the last row of each stream of a list, or null if it has none, with its position in
-- the list. The value is returned if it may be one that closes a stream: an encrypted one has some hundred
-- bytes. There are at most `max_rows` rows; another call finds the ones left out.
select
  (target.ordinality - 1)::int as position,
  last."offset" as last_offset,
  last.serialization as last_serialization, -- if streams.serialization
  case when octet_length(last.value) < 1000 then last.value end as last_value
from rows from (
  json_to_recordset(:targets::text::json) as (workflow_id text, key text)
) with ordinality as target
left join lateral (
  select
    stream."offset",
    stream.serialization, -- if streams.serialization
    stream.value
  from :schema.streams as stream
  where stream.workflow_uuid = target.workflow_id and stream.key = target.key
  order by stream."offset" desc
  limit 1
) as last on true
where statement_timestamp() is not null
order by target.ordinality
limit :max_rows::int
