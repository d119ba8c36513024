-- find_features(schema_name text) one
-- row: database text, columns text?
--
-- Returns the tables of the schema in one text, each as `table,column,column …`, and the name of the
-- database. System columns and what is left of dropped ones are among them, and do no harm. The trigger
-- of sql/extras/notify_completion.sql, if it is enabled, is returned like a column of its table.
--
-- It reads the catalog because information_schema hides columns that the role may not use. There are no
-- joins because it runs on new connections, on which planning takes most of its time: with joins it took
-- 1.2 times as long.
select
  current_database()::text as database,
  string_agg(
    concat_ws(
      ',',
      relname,
      array_to_string(
        array(
          select attname
          from pg_catalog.pg_attribute
          where attrelid = c.oid
        ),
        ','
      ),
      (
        select tgname
        from pg_catalog.pg_trigger
        where tgrelid = c.oid and tgname = 'notify_completion_v1' and tgenabled in ('O', 'A')
      )
    ),
    ' '
  ) as columns
from pg_catalog.pg_class as c
where relnamespace = (select oid from pg_catalog.pg_namespace where nspname = :schema_name::text)
  and relkind in ('r', 'p')
