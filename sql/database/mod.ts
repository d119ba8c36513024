// Generated from the .sql files here by `deno task sql`: change those, not this.

import type { Statement } from "../statement.ts";

export const findFeatures: Statement<{
  schema_name: string;
}, {
  database: string;
  columns: string | null;
}> = {
  name: "find_features",
  conditions: [],
  lines: [
    "select current_database()::text as database,string_agg(c.relname || '.' || a.attname,' ') as columns from pg_catalog.pg_attribute as a join pg_catalog.pg_class as c on c.oid = a.attrelid join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where n.nspname = :schema_name::text and c.relkind in ('r','p') and a.attnum > 0 and not a.attisdropped",
  ],
};
