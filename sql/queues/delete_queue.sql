-- delete_queue(name text) none
-- needs queues for registered queues
--
-- Deletes a queue. The workflows on it stay where they are.
delete from :schema.queues
where name = :name::text
