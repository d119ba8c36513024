-- notify(channel text, payload text) none
--
-- Sends a notification to a channel. With it a client tests whether it receives any.
select from pg_notify(:channel::text, :payload::text)
