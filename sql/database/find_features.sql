-- find_features(schema_name text) one
-- row: database text, columns text?
--
-- The columns that the schema has, as `table.column` in one text, and the database that was asked.
-- The catalog is read rather than information_schema, which hides what the role may not touch.
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
