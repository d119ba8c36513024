-- Grants a role what send() and sendMany() need. The role can read no messages, and of workflows only
-- their IDs.
--
--     psql -v schema=dbos -v role=shop_web -f sql/roles/send.sql "$DBOS_SYSTEM_DATABASE_URL"
--
-- Columns that older schemas lack are left out: run it again after an upgrade of DBOS.
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
      'notifications',
      '{message_uuid, destination_uuid, topic, message, serialization, created_at_epoch_ms}'
    ),
    -- To find messages that were delivered before, in schemas without a unique index on their IDs.
    ('select', 'notifications', '{message_uuid, destination_uuid}'),
    -- To find destinations and their forks.
    ('select', 'workflow_status', '{workflow_uuid, forked_from}')
) as needed (privilege, table_name, columns)
join pg_catalog.pg_class on relname = table_name
join pg_catalog.pg_attribute on attrelid = pg_class.oid and attname = any (columns::name[])
where relnamespace = (select oid from pg_catalog.pg_namespace where nspname = :'schema')
  -- Schemas with formats do not need it.
  and not (
    privilege = 'select'
    and relname = 'notifications'
    and exists (
      select from pg_catalog.pg_attribute
      where attrelid = pg_class.oid and attname = 'serialization'
    )
  )
group by privilege, relname
\gexec
