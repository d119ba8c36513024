-- Notifies clients when a workflow ends, so that their waits for results need no polling. It is optional:
-- without it, clients poll. docs/waiting.md says what it costs.
--
--     psql -v schema=dbos -f sql/extras/notify_completion.sql "$DBOS_SYSTEM_DATABASE_URL"
--
-- Run it as the role of the workers, which owns the tables: whoever owns the function decides what runs
-- when a worker ends a workflow. It creates a trigger on workflow_status, and its function, and changes
-- nothing if they exist. To remove both:
--
--     drop function dbos.notify_completion_v1() cascade
--
-- Clients look for the trigger by its name, which has the version of what it sends: to the channel
-- dbos_client_completions, the first 1000 characters of the ID of each workflow whose status becomes a
-- final one. Longer payloads would be refused, and with them the transaction of the worker. Deleted
-- workflows are left out: no wait ends with them.
\set ON_ERROR_STOP on
begin;
-- While the trigger waits for its lock on the table, workers would wait for the trigger.
set local lock_timeout = '5s';

create or replace function :"schema".notify_completion_v1() returns trigger
language plpgsql
as $$
begin
  perform pg_catalog.pg_notify(
    'dbos_client_completions',
    pg_catalog.left(new.workflow_uuid, 1000)
  );
  return null;
end
$$;

-- Like `create or replace trigger`, which Postgres 13 lacks.
select format(
  $$
  create trigger notify_completion_v1
  after insert or update of status on %1$I.workflow_status
  for each row
  when (new.status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'))
  execute function %1$I.notify_completion_v1()
  $$,
  :'schema'
)
where not exists (
  select from pg_catalog.pg_trigger
  where tgname = 'notify_completion_v1'
    and tgrelid = format('%I.workflow_status', :'schema')::regclass
)
\gexec
commit;
