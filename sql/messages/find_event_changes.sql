-- find_event_changes(targets text, max_bytes int, max_rows int) many
-- row: position int, has_ended boolean?, key text?, version text?, serialization text?, value text?,
-- row: is_cut boolean
--
-- Returns those events of each workflow of a list that have another version than `versions` has for their
-- key, with the position of the workflow in the list. A workflow without such events has a row without a
-- key, if it has ended or does not exist; `has_ended` is null if it does not exist. A workflow and its
-- events are of one snapshot. So one that has ended sets no further events, unless it was cancelled and its
-- worker has not noticed yet. A standby may not have replayed a workflow yet, so there is no row for one
-- that does not exist on it.
--
-- The version of an event is the ID of the transaction that has set it: so the server compares no values.
-- `order by key` makes the planner look the events of each workflow up, even with outdated statistics.
--
-- There are at most `max_rows` rows, and none after those that have `max_bytes` together. If rows may
-- have been left out, `is_cut` of the last one is true; another call finds them.
with target as (
  select target.*
  from rows from (
    json_to_recordset(:targets::text::json) as (workflow_id text, versions jsonb)
  ) with ordinality as target
),
found as (
  select
    target.ordinality,
    ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED') as has_ended,
    event.key,
    event.version,
    event.serialization,
    event.value,
    coalesce(octet_length(event.value), 0) as bytes
  from target
  left join :schema.workflow_status as ws on ws.workflow_uuid = target.workflow_id
  left join lateral (
    select
      key,
      xmin::text as version,
      coalesce(
        serialization, -- if workflow_events.serialization
        null::text
      ) as serialization,
      value
    from :schema.workflow_events
    where workflow_uuid = target.workflow_id
      and xmin::text is distinct from target.versions ->> key
    order by key
  ) as event on true
),
counted as (
  select
    found.*,
    sum(bytes) over ordered as total_bytes,
    row_number() over ordered as number
  from found
  where key is not null
    or has_ended
    or (has_ended is null and not pg_is_in_recovery())
  window ordered as (order by ordinality, key rows unbounded preceding)
)
select
  (ordinality - 1)::int as position,
  has_ended,
  key,
  version,
  serialization,
  value,
  total_bytes >= :max_bytes::int or number = :max_rows::int as is_cut
from counted
where statement_timestamp() is not null
  and total_bytes - bytes < :max_bytes::int
order by ordinality, key
limit :max_rows::int
