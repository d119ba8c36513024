-- Grants a role what enqueue() and enqueueMany() need. The role can read no arguments and no results.
--
--     psql -v schema=dbos -v role=shop_web -f sql/roles/enqueue.sql "$DBOS_SYSTEM_DATABASE_URL"
--
-- Columns and tables that older schemas lack are left out: run it again after an upgrade of DBOS.
\set ON_ERROR_STOP on
select format('grant usage on schema %I to %I', :'schema', :'role')
union all
select format(
  'grant %s (%s) on %I.%I to %I',
  privilege,
  string_agg(quote_ident(attname), ', '),
  :'schema',
  relname,
  :'role'
)
from (
  values
    (
      'insert',
      'workflow_status',
      '{
        workflow_uuid, name, class_name, config_name, queue_name, status, priority, inputs,
        serialization, authenticated_user, assumed_role, authenticated_roles, executor_id,
        application_version, application_id, application_name, created_at, updated_at,
        recovery_attempts, workflow_timeout_ms, workflow_deadline_epoch_ms, deduplication_id,
        queue_partition_key, delay_until_epoch_ms, attributes, schedule_name, is_debounced,
        debounce_deadline_epoch_ms, creator_xid, owner_xid
      }'
    ),
    -- To find what a workflow conflicts with.
    (
      'select',
      'workflow_status',
      '{
        workflow_uuid, name, class_name, config_name, queue_name, status, created_at,
        deduplication_id, creator_xid, owner_xid
      }'
    ),
    ('insert', 'workflow_input', '{workflow_uuid, inputs}'),
    ('select', 'workflow_input', '{workflow_uuid}')
) as needed (privilege, table_name, columns)
join pg_catalog.pg_class on relname = table_name
join pg_catalog.pg_attribute on attrelid = pg_class.oid and attname = any (columns::name[])
where relnamespace = (select oid from pg_catalog.pg_namespace where nspname = :'schema')
  -- Schemas with creator_xid do not need it.
  and not (
    attname = 'owner_xid'
    and exists (
      select from pg_catalog.pg_attribute
      where attrelid = pg_class.oid and attname = 'creator_xid'
    )
  )
group by privilege, relname
\gexec
