-- find_server_state() one
-- row: version text, role_name text, is_read_only boolean, now_epoch_ms text, connections int,
-- row: max_connections int
--
-- Returns what a diagnosis needs of the server and of the session. It counts the connections of all
-- databases of the server, because they share its maximum.
select
  current_setting('server_version') as version,
  current_user::text as role_name,
  current_setting('transaction_read_only') = 'on' as is_read_only,
  (extract(epoch from clock_timestamp()) * 1000)::bigint::text as now_epoch_ms,
  (
    select count(*) from pg_catalog.pg_stat_activity where backend_type = 'client backend'
  )::int as connections,
  current_setting('max_connections')::int as max_connections
