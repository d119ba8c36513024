-- Grants a role what enqueue.sql grants, and what waits need: getResult(), waitAll() and the like,
-- getEvent(), getAllEvents(), followEvents(), readStream() and getAllStreamEntries(), and explainWorkflow(),
-- with which getResult() says why it has timed out. The role can read no arguments, but the results,
-- events and streams of all workflows.
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
      '{
        workflow_uuid, status, output, error, serialization, completed_at, updated_at, name,
        queue_name, queue_partition_key, priority, executor_id, application_name,
        application_version, recovery_attempts, created_at, started_at_epoch_ms, rate_limited,
        delay_until_epoch_ms, workflow_deadline_epoch_ms
      }'
    ),
    ('workflow_output', '{workflow_uuid, output, error}'),
    ('workflow_events', '{workflow_uuid, key, value, serialization, xmin}'),
    ('streams', '{workflow_uuid, key, value, serialization, offset}'),
    (
      'queues',
      '{
        name, application_name, concurrency, worker_concurrency, rate_limit_max,
        rate_limit_period_sec, partition_queue, partition_concurrency,
        partition_worker_concurrency, partition_rate_limit_max, partition_rate_limit_period_sec
      }'
    ),
    ('application_versions', '{version_name, version_timestamp, application_name}'),
    ('workflow_schedules', '{application_name}')
) as needed (table_name, columns)
join pg_catalog.pg_class on relname = table_name
join pg_catalog.pg_attribute on attrelid = pg_class.oid and attname = any (columns::name[])
where relnamespace = (select oid from pg_catalog.pg_namespace where nspname = :'schema')
  -- Schemas with tables for inputs do not need it.
  and not (
    attname = 'partition_queue'
    and exists (
      select from pg_catalog.pg_class as input
      where input.relnamespace = pg_class.relnamespace and input.relname = 'workflow_input'
    )
  )
group by relname
\gexec
