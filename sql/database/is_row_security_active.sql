-- is_row_security_active() one
-- row: is_active boolean
--
-- Returns whether row-level security may hide rows of the schema from the role.
select coalesce(bool_or(row_security_active(oid)), false) as is_active
from pg_catalog.pg_class
where relnamespace = to_regnamespace(:'schema')
  and relkind in ('r', 'p')
