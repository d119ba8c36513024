// Generated from the .sql files here by `deno task sql`: change those, not this.

import type { Statement } from "../statement.ts";

export const notify: Statement<{
  channel: string;
  payload: string;
}, Record<never, never>> = {
  name: "notify",
  conditions: [],
  lines: ["select from pg_notify(:channel::text,:payload::text)"],
};
