-- record_step(workflow_id text, function_id int, function_name text, output text?, error text?,
--   serialization text?, started_at text) none
--
-- Records a step that has ended. A step of an earlier run of the workflow is replaced.
insert into :schema.operation_outputs (
  workflow_uuid,
  function_id,
  function_name,
  output,
  error,
  serialization,
  started_at_epoch_ms,
  completed_at_epoch_ms
)
values (
  :workflow_id::text,
  :function_id::int,
  :function_name::text,
  :output::text,
  :error::text,
  :serialization::text,
  :started_at::text::bigint,
  (extract(epoch from statement_timestamp()) * 1000)::bigint
)
on conflict (workflow_uuid, function_id) do update
set
  function_name = excluded.function_name,
  output = excluded.output,
  error = excluded.error,
  serialization = excluded.serialization,
  started_at_epoch_ms = excluded.started_at_epoch_ms,
  completed_at_epoch_ms = excluded.completed_at_epoch_ms
