-- set_statement_timeout(timeout_ms int) one
-- row: timeout text
--
-- Limits how long the server works on each statement that follows in the same transaction. SET LOCAL
-- would take no parameter, and warn where it is the first statement.
select set_config('statement_timeout', :timeout_ms::text, true) as timeout
