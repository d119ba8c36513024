// Generated from the .sql files of this folder by `deno task sql`. Do not edit.

import type { Statement } from "../statement.ts";

export const endReadOnlySession: Statement<Record<never, never>, {
  is_ended: boolean;
}> = {
  name: "end_read_only_session",

  columns: "is_ended boolean",
  hash: "iCgedYzJOuS-kNmL",
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
  hash: "qF6j9IlhSzROIaLp",
  sql: `
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
and relkind in ('r', 'p')`,
};

export const findMissingPrivileges: Statement<{
  privileges: string;
  separator: string;
  table_name: string;
}, {
  privilege: string;
}> = {
  name: "find_missing_privileges",

  columns: "privilege text",
  hash: "NH-N3UVN4R5KijhK",
  sql: `
select privilege
from unnest(string_to_array(:privileges::text, :separator::text)) as privilege
cross join to_regclass(:'schema' || '.' || :table_name::text) as relation
where not case privilege
when 'DELETE' then has_table_privilege(relation, privilege)
else has_any_column_privilege(relation, privilege)
end`,
};

export const findServerState: Statement<Record<never, never>, {
  version: string;
  role_name: string;
  is_read_only: boolean;
  now_epoch_ms: string;
  connections: number;
  max_connections: number;
}> = {
  name: "find_server_state",

  columns:
    "version text, role_name text, is_read_only boolean, now_epoch_ms text, connections int, max_connections int",
  hash: "p2Ppir5_yUqZ18Gq",
  sql: `
select
current_setting('server_version') as version,
current_user::text as role_name,
current_setting('transaction_read_only') = 'on' as is_read_only,
(extract(epoch from clock_timestamp()) * 1000)::bigint::text as now_epoch_ms,
(
select count(*) from pg_catalog.pg_stat_activity where backend_type = 'client backend'
)::int as connections,
current_setting('max_connections')::int as max_connections`,
};

export const isRowSecurityActive: Statement<Record<never, never>, {
  is_active: boolean;
}> = {
  name: "is_row_security_active",

  columns: "is_active boolean",
  hash: "uNtR8heEkKd2w8BG",
  sql: `
select coalesce(bool_or(row_security_active(oid)), false) as is_active
from pg_catalog.pg_class
where relnamespace = to_regnamespace(:'schema')
and relkind in ('r', 'p')`,
};
