// Generated from the .sql files of this folder by `deno task sql`. Do not edit.

import type { Statement } from "../statement.ts";

export const notify: Statement<{
  channel: string;
  payload: string;
}, Record<never, never>> = {
  name: "notify",

  hash: "M09May1gnF1OEyq3",
  sql: `
select from pg_notify(:channel::text, :payload::text)`,
};
