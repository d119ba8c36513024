-- create_notification_trigger() none
--
-- Creates the trigger that notifies of messages, whose function exists.
create trigger dbos_notifications_trigger
after insert on :schema.notifications
for each row
execute function :schema.notifications_function()
