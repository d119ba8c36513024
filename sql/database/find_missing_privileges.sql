-- find_missing_privileges(privileges text, separator text, table_name text) many
-- row: privilege text
--
-- Returns those of the privileges that the role has neither on a table of the schema nor on any of its
-- columns.
select privilege
from unnest(string_to_array(:privileges::text, :separator::text)) as privilege
cross join to_regclass(:'schema' || '.' || :table_name::text) as relation
where not case privilege
  when 'DELETE' then has_table_privilege(relation, privilege)
  else has_any_column_privilege(relation, privilege)
end
