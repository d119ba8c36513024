-- find_outcomes(targets text, separator text, max_bytes int, max_rows int) many
-- row: position int, workflow_id text, status text, value text?, error text?, serialization text?,
-- row: is_outdated boolean?, is_cut boolean, completed_at text
--
-- Returns how each workflow of a list ended, with its position in the list. A workflow that has not
-- ended has no row. The empty error that Go's workers write for a success is null.
--
-- There are at most `max_rows` rows, and none after those that have `max_bytes` together, which `is_cut`
-- of the last one says. Another call finds the ones left out.
--
-- `limit 1` makes the planner look each workflow and its output up by the ID, even with outdated
-- statistics.
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
    sum(
      coalesce(
        octet_length(wo.output), -- if workflow_output
        octet_length(ws.output),
        0
      ) + coalesce(
        octet_length(wo.error), -- if workflow_output
        octet_length(ws.error),
        0
      )
    ) over (order by target.ordinality rows unbounded preceding) as total_bytes,
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
  -- if workflow_output
  left join lateral (
    select output, error
    from :schema.workflow_output
    where workflow_uuid = ws.workflow_uuid
    limit 1
  ) as wo on true
  -- end
  where ws.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED')
)
select
  (ordinality - 1)::int as position,
  workflow_uuid as workflow_id,
  status,
  value,
  error,
  serialization, -- if workflow_status.serialization
  to_regclass(:'schema' || '.workflow_output') is not null as is_outdated, -- if not workflow_output
  total_bytes >= :max_bytes::int as is_cut,
  completed_at::text
from found
where statement_timestamp() is not null
  and total_bytes < :max_bytes::int + coalesce(octet_length(value), 0) + coalesce(octet_length(error), 0)
order by ordinality
limit :max_rows::int
