-- write_stream(key text, workflow_id text, value text, function_id int, serialization text?) none
--
-- Writes a value to the end of a stream of a workflow, if that exists, and notifies of it. Two values
-- that are written at the same time may be a unique violation.
with workflow as (
  select
    ws.workflow_uuid,
    (
      select coalesce(max("offset") + 1, 0)
      from :schema.streams
      where workflow_uuid = ws.workflow_uuid and key = :key::text
    ) as end_offset
  from :schema.workflow_status as ws
  where ws.workflow_uuid = :workflow_id::text
),
written as (
  insert into :schema.streams (workflow_uuid, key, value, "offset", function_id, serialization)
  select
    workflow_uuid,
    :key::text,
    :value::text,
    end_offset,
    :function_id::int,
    :serialization::text
  from workflow
)
select
from workflow
cross join pg_notify('dbos_streams_channel', concat(workflow_uuid, '::', :key::text))
