-- find_outcomes(targets text, separator text, max_bytes int, max_rows int) many
-- row: position int, workflow_id text, status text, value text?, error text?, serialization text?,
-- row: is_outdated boolean, completed_at text, is_cut boolean
--
-- Returns how each workflow of a list ended, with its position in the list. A workflow that has not
-- ended has no row. The empty error that Go's workers write for a success is null.
--
-- There are at most `max_rows` rows, and none after those that have `max_bytes` together. If rows may
-- have been left out, `is_cut` of the last one is true; another call finds them.
--
-- `limit 1` makes the planner look each workflow up by its ID, even with outdated statistics.
with found as (
  select
    target.ordinality,
    ws.workflow_uuid,
    ws.status,
    coalesce(
      wo.output, -- if workflow_output
      ws.output
    ) as value,
    nullif(
      coalesce(
        wo.error, -- if workflow_output
        ws.error
      ),
      ''
    ) as error,
    ws.serialization, -- if workflow_status.serialization
    coalesce(
      ws.completed_at, -- if workflow_status.completed_at
      ws.updated_at
    ) as completed_at
  from unnest(string_to_array(:targets::text, :separator::text))
    with ordinality as target (workflow_id)
  cross join lateral (
    select
      workflow_uuid,
      status,
      output,
      error,
      serialization, -- if workflow_status.serialization
      completed_at, -- if workflow_status.completed_at
      updated_at
    from :schema.workflow_status
    where workflow_uuid = target.workflow_id
    limit 1
  ) as ws
  left join :schema.workflow_output as wo using (workflow_uuid) -- if workflow_output
  where ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
),
measured as (
  select
    found.*,
    coalesce(octet_length(value), 0) + coalesce(octet_length(error), 0) as bytes
  from found
),
counted as (
  select
    measured.*,
    sum(bytes) over ordered as total_bytes,
    row_number() over ordered as number
  from measured
  window ordered as (order by ordinality rows unbounded preceding)
)
select
  (ordinality - 1)::int as position,
  workflow_uuid as workflow_id,
  status,
  value,
  error,
  serialization, -- if workflow_status.serialization
  null::text as serialization, -- if not workflow_status.serialization
  to_regclass(:'schema' || '.workflow_output') is not null as is_outdated, -- if not workflow_output
  false as is_outdated, -- if workflow_output
  completed_at::text,
  total_bytes >= :max_bytes::int or number = :max_rows::int as is_cut
from counted
where statement_timestamp() is not null
  and total_bytes - bytes < :max_bytes::int
order by ordinality
limit :max_rows::int
