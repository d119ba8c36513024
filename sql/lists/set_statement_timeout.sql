-- set_statement_timeout(timeout_ms int, returns_row? int) none
--
-- Limits how long the server works on each statement that follows in the same transaction. With
-- returns_row it may be sent in the extended protocol too, where SET LOCAL raises a warning.
set local statement_timeout = :timeout_ms -- if not :returns_row
select set_config('statement_timeout', :timeout_ms::text, true) -- if :returns_row
