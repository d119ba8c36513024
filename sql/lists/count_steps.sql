-- count_steps(names? text, separator? text, patterns? text, applications? text, status? text,
--   completed_from? int, completed_until? int, by_status? int, by_name? int, bucket_ms? int) many
-- row: status text?, name text?, bucket text?, count text, max_duration_ms text?
-- needs operation_outputs.application_name for countSteps()
--
-- How many steps match and how long the longest of them took, in each of the groups that are asked
-- for. A step with an error has failed. One without times, such as the start of a child, counts as
-- one but takes no time.
with matching as (
  select
    case when error is null then 'SUCCESS' else 'ERROR' end as status,
    function_name as name,
    completed_at_epoch_ms as completed_at,
    completed_at_epoch_ms - started_at_epoch_ms as duration_ms
  from :schema.operation_outputs
  where true
    and function_name = any(string_to_array(:names::text, :separator::text))
    and workflow_uuid like any(string_to_array(:patterns::text, :separator::text))
    -- if :applications
    and (application_name is null or application_name = any(
      string_to_array(:applications::text, :separator::text)
    ))
    -- end
    and (error is null) = (:status::text = 'SUCCESS')
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
group by
  status, -- if :by_status
  name, -- if :by_name
  completed_at / :bucket_ms::bigint,
  ()
order by
  completed_at / :bucket_ms::bigint,
  count(*) desc
