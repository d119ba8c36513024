-- notify(channel text, payload text) none
--
-- Notifies those who listen to a channel: how a client finds out whether it hears anything at all.
select from pg_notify(:channel::text, :payload::text)
