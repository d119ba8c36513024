-- session_state() one
-- row: is_standby boolean, is_read_only boolean
--
-- What a server and its new sessions are good for.
select
  pg_is_in_recovery() as is_standby,
  current_setting('transaction_read_only')::boolean as is_read_only
