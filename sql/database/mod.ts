// Generated from the .sql files of this folder by `deno task sql`. Do not edit.

import type { Statement } from "../statement.ts";

export const endReadOnlySession: Statement<Record<never, never>, {
  is_ended: boolean;
}> = {
  name: "end_read_only_session",

  columns: "is_ended boolean",
  sql: `
select pg_terminate_backend(pg_backend_pid()) as is_ended
where current_setting('transaction_read_only') = 'on'`,
};

export const findFeatures: Statement<{
  schema_name: string;
}, {
  database: string;
  columns: string | null;
}> = {
  name: "find_features",

  columns: "database text, columns text",
  sql: `
select
  current_database()::text as database,
  string_agg(c.relname || '.' || a.attname, ' ') as columns
from pg_catalog.pg_attribute as a
join pg_catalog.pg_class as c on c.oid = a.attrelid
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname = :schema_name::text
  and c.relkind in ('r', 'p')
  and a.attnum > 0
  and not a.attisdropped`,
};
