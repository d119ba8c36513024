-- set_statement_timeout(timeout_ms int) none
--
-- Has the server cancel what follows in the same transaction when it takes longer.
set local statement_timeout = :timeout_ms
