-- end_read_only_session() optional
-- row: is_ended boolean
--
-- Ends the session that it runs in, if that is read-only: it leads to the wrong server after a
-- failover. Drivers that cannot close a single connection send it when a write was refused.
select pg_terminate_backend(pg_backend_pid()) as is_ended
where current_setting('transaction_read_only') = 'on'
