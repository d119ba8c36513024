-- Grants a role all that this library needs: what the other roles may do, and to debounce, cancel, resume,
-- delete, fork and rewind workflows, to change them, and to manage queues, schedules, versions and
-- applications.
--
--     psql -v schema=dbos -v role=operations -f sql/roles/manage.sql "$DBOS_SYSTEM_DATABASE_URL"
--
-- Tables that older schemas lack are left out: run it again after an upgrade of DBOS.
\set ON_ERROR_STOP on
select format('grant usage on schema %I to %I', :'schema', :'role')
union all
select format('grant %s on %I.%I to %I', privileges, schemaname, tablename, :'role')
from (
  values
    ('workflow_status', 'select, insert, update, delete'),
    ('workflow_input', 'select, insert, update, delete'),
    ('workflow_output', 'select, delete'),
    ('operation_outputs', 'select, insert, update, delete'),
    ('notifications', 'select, insert, delete'),
    ('workflow_events', 'select, insert, update, delete'),
    ('workflow_events_history', 'select, insert, delete'),
    ('streams', 'select, insert, delete'),
    ('queues', 'select, insert, update, delete'),
    ('workflow_schedules', 'select, insert, update, delete'),
    ('application_versions', 'select, update'),
    ('dbos_migrations', 'select')
) as needed (table_name, privileges)
join pg_catalog.pg_tables on tablename = table_name
where schemaname = :'schema'
\gexec
