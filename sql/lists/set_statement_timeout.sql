-- set_statement_timeout(timeout_ms int) none
--
-- Limits how long the server works on each statement that follows in the same transaction.
set local statement_timeout = :timeout_ms
