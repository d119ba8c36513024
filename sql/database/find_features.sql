-- find_features(schema_name text) one
-- row: database text, columns text?
--
-- Returns the columns of the schema as `table.column` in one text, and the name of the database. It
-- reads the catalog because information_schema hides columns that the role may not use.
select
  current_database()::text as database,
  string_agg(c.relname || '.' || a.attname, ' ') as columns
from pg_catalog.pg_attribute as a
join pg_catalog.pg_class as c on c.oid = a.attrelid
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname = :schema_name::text
  and c.relkind in ('r', 'p')
  and a.attnum > 0
  and not a.attisdropped
