-- Grants a role what enqueue.sql grants, and what waits need: getResult(), waitAll() and the like,
-- getEvent(), getAllEvents() and readStream(). The role can read no arguments, but the results, events
-- and streams of all workflows.
--
--     psql -v schema=dbos -v role=shop_web -f sql/roles/enqueue_and_wait.sql "$DBOS_SYSTEM_DATABASE_URL"
--
-- Columns and tables that older schemas lack are left out: run it again after an upgrade of DBOS.
\ir enqueue.sql
select format(
  'grant select (%s) on %I.%I to %I',
  string_agg(quote_ident(attname), ', '),
  :'schema',
  relname,
  :'role'
)
from (
  values
    (
      'workflow_status',
      '{workflow_uuid, status, output, error, serialization, completed_at, updated_at}'
    ),
    ('workflow_output', '{workflow_uuid, output, error}'),
    ('workflow_events', '{workflow_uuid, key, value, serialization}'),
    ('streams', '{workflow_uuid, key, value, serialization, offset}')
) as needed (table_name, columns)
join pg_catalog.pg_class on relname = table_name
join pg_catalog.pg_attribute on attrelid = pg_class.oid and attname = any (columns::name[])
where relnamespace = (select oid from pg_catalog.pg_namespace where nspname = :'schema')
group by relname
\gexec
