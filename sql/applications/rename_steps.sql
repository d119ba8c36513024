-- rename_steps(old_name text?, adopt_unclaimed int, after text, batch_size? int, new_name text) one
-- row: moved int, last_id text?
-- needs operation_outputs.application_name for renameApplication
--
-- Gives an application the steps of another, those that belong to none, or both: after a workflow
-- ID, as many as `batch_size` says, or all without it, but never a part of the rows of one workflow. Returns
-- how many were moved, and up to which workflow ID.
--
-- Ranges of the primary key make each batch begin where the one before ended.
with batch as (
  select max(workflow_uuid) as last_id
  from (
    select workflow_uuid
    from :schema.operation_outputs
    where (
        application_name = :old_name::text
        or application_name is null and :adopt_unclaimed::int = 1
      )
      and workflow_uuid > :after::text
    order by workflow_uuid
    limit :batch_size::int
  ) as batch
),
moved as (
  update :schema.operation_outputs
  set application_name = :new_name::text
  where (
      application_name = :old_name::text
      or application_name is null and :adopt_unclaimed::int = 1
    )
    and workflow_uuid > :after::text
    and workflow_uuid <= (select last_id from batch)
  returning workflow_uuid
)
select
  (select count(*) from moved)::int as moved,
  last_id
from batch
