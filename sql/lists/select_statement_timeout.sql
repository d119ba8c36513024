-- select_statement_timeout(timeout_ms int) one
-- row: statement_timeout text
--
-- Limits how long the server works on each statement that follows in the same transaction, as
-- set_statement_timeout.sql does. It may be sent in the extended protocol, where SET LOCAL raises a
-- warning, but only by drivers that separate its row from those of the statement that follows.
select set_config('statement_timeout', :timeout_ms::text, true) as statement_timeout
