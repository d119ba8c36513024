-- get_all_stream_entries(workflow_id text, after_key? text, after_offset? int, max_rows int,
--   max_bytes int) many
-- row: key text, entry_offset int, serialization text?, value text, is_cut boolean
-- needs streams for streams
--
-- Returns the rows of all streams of a workflow, by key and offset; of a page, those that follow a row. The
-- values that close a stream are among them.
--
-- There are at most `max_rows` rows, and none after those that have `max_bytes` together. If rows may have
-- been left out, `is_cut` of the last one is true.
with found as (
  select
    key,
    "offset" as entry_offset,
    coalesce(
      serialization, -- if streams.serialization
      null::text
    ) as serialization,
    value
  from :schema.streams
  where workflow_uuid = :workflow_id::text
    and (key, "offset") > (:after_key::text, :after_offset::int)
  order by key, "offset"
  limit :max_rows::int
),
counted as (
  select
    found.*,
    octet_length(value) as bytes,
    sum(octet_length(value)) over ordered as total_bytes,
    row_number() over ordered as number
  from found
  window ordered as (order by key, entry_offset rows unbounded preceding)
)
select
  key,
  entry_offset,
  serialization,
  value,
  total_bytes >= :max_bytes::int or number = :max_rows::int as is_cut
from counted
where statement_timestamp() is not null
  and total_bytes - bytes < :max_bytes::int
order by key, entry_offset
