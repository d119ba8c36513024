-- count_steps(separator text, names text, patterns text, applications text, status text,
--   completed_from int, completed_until int, by_status int, by_name int, bucket_ms int) many
-- needs operation_outputs.started_at_epoch_ms, operation_outputs.completed_at_epoch_ms,
-- needs operation_outputs.application_name
-- row: status text?, name text?, bucket text?, count text, max_duration_ms text?
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
    and function_name = any(string_to_array(:names::text, :separator::text)) -- :names
    and workflow_uuid like any(string_to_array(:patterns::text, :separator::text)) -- :patterns
    and (application_name is null or application_name = any( -- :applications
      string_to_array(:applications::text, :separator::text) -- :applications
    )) -- :applications
    and (error is null) = (:status::text = 'SUCCESS') -- :status
    and completed_at_epoch_ms >= :completed_from::bigint -- :completed_from
    and completed_at_epoch_ms <= :completed_until::bigint -- :completed_until
)
select
  status, -- :by_status
  name, -- :by_name
  (completed_at / :bucket_ms::bigint * :bucket_ms::bigint)::text as bucket, -- :bucket_ms
  max(duration_ms)::text as max_duration_ms,
  count(*)::text as count
from matching
group by
  status, -- :by_status
  name, -- :by_name
  completed_at / :bucket_ms::bigint, -- :bucket_ms
  ()
order by
  completed_at / :bucket_ms::bigint, -- :bucket_ms
  count(*) desc
