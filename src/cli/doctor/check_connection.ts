/** Checks the connection: whether it opens, what a pooler does to it, and whether notifications arrive. */

import * as sql from "../../../sql/database/mod.ts";
import { systemDatabaseOf } from "../../client/client.ts";
import { sqlStateOf } from "../../drivers/error_codes.ts";
import { SystemSchemaNotFoundError } from "../../errors/database.ts";
import { subscribe } from "../../polling/notifications.ts";
import type { Check } from "./check.ts";

// A statement that was prepared on another connection to the server, or prepared there already.
const preparedStatementStates = new Set(["26000", "42P05"]);

const withoutPrepared =
  "A pooler in transaction mode does not keep prepared statements: add pgbouncer=true to the URL, and " +
  "pass prepare: false in programs";

/** What to do about a connection that cannot be opened; undefined if the error says it. */
export function adviseOnConnection(error: unknown): string | undefined {
  // Its message says it.
  if (error instanceof SystemSchemaNotFoundError) return undefined;
  const { code = "", message = "" } = (error ?? {}) as { code?: string; message?: string };
  if (/missing URL/.test(message)) {
    return "Set DBOS_SYSTEM_DATABASE_URL, or pass --database-url";
  }
  if (preparedStatementStates.has(code)) return withoutPrepared;
  if (/^28/.test(code)) return "Check the user and the password, and pg_hba.conf of the server";
  if (code === "3D000") {
    return "Check the name of the database; a worker creates it when it is first launched";
  }
  if (code === "53300") return "Use fewer connections, a pooler, or a higher max_connections";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "Check the host name of the URL";
  if (code === "ECONNREFUSED") {
    return "Check the host and the port of the URL, and whether the server runs and listens there";
  }
  if (/TLS|certificate|SSL/i.test(message)) {
    return "Check sslmode and sslrootcert of the URL; docs/deploying.md lists what they mean";
  }
  return "Check the URL, the network, and the log of the server";
}

/** Sends enough statements at once that a pooler spreads them over its connections. */
export const checkPooler: Check = async (client, report) => {
  const database = systemDatabaseOf(client);
  try {
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        Array.from({ length: 4 }, () => database.run(sql.findServerState, {})),
      );
    }
  } catch (error) {
    if (!preparedStatementStates.has(sqlStateOf(error) ?? "")) throw error;
    return report.fail("Prepared statements get lost between two statements", withoutPrepared);
  }
  report.ok("Statements work on several connections, also if they are prepared");
};

const listenTimeoutMs = 10_000;

let onLog = (_message: string): void => {};
/** The logger of the client, which tells whether it listens. */
export const logger = {
  info: (message: string): void => onLog(message),
  warn: (message: string): void => onLog(message),
};

/** Whether notifications arrive, by the messages that the listener logs. */
export const checkListen: Check = async (client, report) => {
  const answer = await new Promise<string | undefined>((resolve) => {
    onLog = (message) => /listen/.test(message) && resolve(message);
    setTimeout(() => resolve(undefined), listenTimeoutMs);
    subscribe(systemDatabaseOf(client), { onNotify() {}, onReconnect() {} });
  });
  if (answer?.includes("client listens")) {
    return report.ok("LISTEN works: waits for events and streams end at once");
  }
  if (answer?.includes("server is a standby")) {
    return report.warn("LISTEN does not work on a standby: waits only poll");
  }
  report.warn(
    "LISTEN does not work: waits for events and streams poll every second",
    "A pooler in transaction mode passes no notifications. Connect past it if that is too slow",
  );
};
