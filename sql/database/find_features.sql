-- find_features(schema_name text) one
-- row: database text, columns text?
--
-- Returns the columns of the schema as `table.column` in one text, and the name of the database. The
-- trigger of sql/extras/notify_completion.sql, if it is enabled, is returned like a column of its table.
-- It reads the catalog because information_schema hides columns that the role may not use.
select
  current_database()::text as database,
  string_agg(c.relname || '.' || part.name, ' ') as columns
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
cross join lateral (
  select attname as name
  from pg_catalog.pg_attribute
  where attrelid = c.oid and attnum > 0 and not attisdropped
  union all
  select tgname
  from pg_catalog.pg_trigger
  where tgrelid = c.oid and tgname = 'notify_completion_v1' and tgenabled in ('O', 'A')
) as part
where n.nspname = :schema_name::text
  and c.relkind in ('r', 'p')
