-- create_notification_function() none
--
-- Creates the function of the trigger that notifies of messages.
create function :schema.notifications_function() returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
begin
  perform pg_notify('dbos_notifications_channel', concat(new.destination_uuid, '::', new.topic));
  return new;
end
$$
