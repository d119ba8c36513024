-- count_steps(names? text, separator? text, id_patterns? text, application_names? text,
--   status? text, completed_from? int, completed_until? int, by_status? int, by_name? int,
--   bucket_ms? int) many
-- row: status text?, name text?, bucket text?, max_duration_ms text?, count text
-- needs operation_outputs.application_name, operation_outputs.started_at_epoch_ms,
-- needs operation_outputs.completed_at_epoch_ms for countSteps()
--
-- Counts the steps that match, and returns how long the longest of them took, in each of the groups
-- that are asked for. A step with an error has failed; Go's workers write an empty one for a success.
-- A step without times, such as the start of a child, counts but takes no time. The difference of two
-- floats cannot overflow, whatever times are stored.
with matching as (
  select
    case when coalesce(error, '') = '' then 'SUCCESS' else 'ERROR' end as status,
    function_name as name,
    completed_at_epoch_ms as completed_at,
    completed_at_epoch_ms::double precision - started_at_epoch_ms as duration_ms
  from :schema.operation_outputs
  where true
    and function_name = any(string_to_array(:names::text, :separator::text))
    and workflow_uuid like any(string_to_array(:id_patterns::text, :separator::text))
    -- if :application_names
    and (
      application_name is null
      or application_name = any(string_to_array(:application_names::text, :separator::text))
    )
    -- end
    and (coalesce(error, '') = '') = (:status::text = 'SUCCESS')
    and completed_at_epoch_ms >= :completed_from::bigint
    and completed_at_epoch_ms <= :completed_until::bigint
)
select
  status, -- if :by_status
  name, -- if :by_name
  (completed_at / :bucket_ms::bigint * :bucket_ms::bigint)::text as bucket,
  max(duration_ms)::text as max_duration_ms,
  count(*)::text as count
from matching
where statement_timestamp() is not null
group by
  status, -- if :by_status
  name, -- if :by_name
  completed_at / :bucket_ms::bigint,
  ()
order by
  completed_at / :bucket_ms::bigint,
  count(*) desc
