// Generated from the .sql files of this folder by `deno task sql`. Do not edit.

import type { Statement } from "../statement.ts";

export const sessionState: Statement<Record<never, never>, {
  is_standby: boolean;
  is_read_only: boolean;
}> = {
  name: "session_state",

  columns: "is_standby boolean, is_read_only boolean",
  hash: "a0kVpXTpUvGNr5eU",
  sql: `
select
pg_is_in_recovery() as is_standby,
current_setting('transaction_read_only')::boolean as is_read_only`,
};
