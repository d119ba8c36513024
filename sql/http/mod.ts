// Generated from the .sql files of this folder by `deno task sql`. Do not edit.

import type { Statement } from "../statement.ts";

export const findSignal: Statement<{
  message_id: string;
  workflow_id: string;
}, {
  status: string | null;
  serialization: string | null;
  message: string | null;
}> = {
  name: "find_signal",

  columns: "status text, serialization text if notifications.serialization, message text",
  hash: "qVPYHdB9tTmsG-MR",
  sql: `
select
ws.status,
sent.serialization, -- if notifications.serialization
sent.message
from :schema.workflow_status as ws
left join lateral (
select
serialization, -- if notifications.serialization
message
from :schema.notifications
where message_uuid = :message_id::text and destination_uuid = ws.workflow_uuid
limit 1
) as sent on true
where statement_timestamp() is not null
and ws.workflow_uuid = :workflow_id::text`,
};

export const findStatusChanges: Statement<{
  targets: string;
  max_rows: number;
}, {
  position: number;
  status: string | null;
}> = {
  name: "find_status_changes",

  columns: "position int, status text",
  hash: "2x87qTiBJkh3LYUe",
  sql: `
select
(target.ordinality - 1)::int as position,
ws.status
from rows from (
json_to_recordset(:targets::text::json) as (workflow_id text, status text)
) with ordinality as target
left join lateral (
select status
from :schema.workflow_status
where workflow_uuid = target.workflow_id
limit 1
) as ws on true
where statement_timestamp() is not null
and (ws.status is null or ws.status is distinct from target.status)
order by target.ordinality
limit :max_rows::int`,
};
