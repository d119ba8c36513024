-- find_stream_values(targets text, max_bytes int, max_rows int) many
-- row: position int, status text?, value text?, serialization text?, is_cut boolean
-- needs streams for streams
--
-- Returns the values of each stream of a list from an offset on, with its position in the list: at most
-- `max_values` of each, up to the first gap. A stream without values has a row without a value, if its
-- workflow has ended or does not exist. Status and values are of one snapshot. So a workflow that has
-- ended writes no further values, unless it was cancelled and its worker has not noticed yet. A standby may
-- not have replayed a workflow yet, so there is no row for one that does not exist on it.
--
-- There are at most `max_rows` rows, and none after those that have `max_bytes` together. If rows may
-- have been left out, `is_cut` of the last one is true; another call finds them. octet_length() does
-- not read a large value, so the server reads only those that it returns.
with target as (
  select target.*
  from rows from (
    json_to_recordset(:targets::text::json)
      as (workflow_id text, key text, "offset" bigint, max_values bigint)
  ) with ordinality as target
),
found as (
  select
    target.ordinality,
    ws.status,
    following.value,
    following.serialization,
    following."offset",
    coalesce(octet_length(following.value), 0) as bytes
  from target
  left join :schema.workflow_status as ws on ws.workflow_uuid = target.workflow_id
  left join lateral (
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
  ) as following on following."offset" = following.expected
  where following.value is not null
    or (ws.status is null and not pg_is_in_recovery())
    or ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
),
counted as (
  select
    found.*,
    sum(bytes) over ordered as total_bytes,
    row_number() over ordered as number
  from found
  window ordered as (order by ordinality, "offset" rows unbounded preceding)
)
select
  (ordinality - 1)::int as position,
  status,
  value,
  serialization,
  total_bytes >= :max_bytes::int or number = :max_rows::int as is_cut
from counted
where total_bytes - bytes < :max_bytes::int
order by ordinality, "offset"
limit :max_rows::int
