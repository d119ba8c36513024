-- Grants a role what it needs to read workflows, steps, events, streams, queues, schedules and versions:
-- lists, counts, statuses and waits. The role can read everything but messages, and write nothing.
--
--     psql -v schema=dbos -v role=dashboard -f sql/roles/observe.sql "$DBOS_SYSTEM_DATABASE_URL"
--
-- Tables that older schemas lack are left out: run it again after an upgrade of DBOS.
\set ON_ERROR_STOP on
select format('grant usage on schema %I to %I', :'schema', :'role')
union all
select format('grant select on %I.%I to %I', schemaname, tablename, :'role')
from pg_catalog.pg_tables
where schemaname = :'schema'
  and tablename in (
    'workflow_status',
    'workflow_input',
    'workflow_output',
    'operation_outputs',
    'workflow_events',
    'streams',
    'queues',
    'workflow_schedules',
    'application_versions',
    'dbos_migrations'
  )
\gexec
