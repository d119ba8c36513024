/**
 * The traces of workers: the native formats that they have left in the system database, which show the
 * languages that they are written in.
 */

import * as sql from "../../sql/schedules/mod.ts";
import { abortable } from "../promises.ts";
import { callDescription, type Client, openCall, systemDatabaseOf } from "../client/client.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import type { Driver } from "../drivers/driver.ts";

/** A format, and the application whose workers have left it. */
export type Trace = NonNullable<typeof sql.findTraces.row>;

// Workers take as long to notice a schedule.
const maxAgeMs = 30_000;

interface KeptTraces {
  readonly traces: Promise<Trace[]>;
  readonly readAt: number;
}

const keptTraces = new WeakMap<SystemDatabase, KeptTraces>();

/** The traces that a system database keeps, or those that `read` returns. */
function readAndKeep(
  database: SystemDatabase,
  read: () => Promise<Trace[]>,
): Promise<Trace[]> {
  const kept = keptTraces.get(database);
  const readAt = performance.now();
  if (kept && readAt - kept.readAt < maxAgeMs) return kept.traces;
  const traces = read();
  const reading = { traces, readAt };
  keptTraces.set(database, reading);
  traces.catch(() => {
    if (keptTraces.get(database) === reading) keptTraces.delete(database);
  });
  return traces;
}

/**
 * Finds the traces of all workers. That takes the server some milliseconds, so the calls of a client
 * share what it has read within the last 30 seconds. A transaction, which may have left traces itself
 * and be rolled back, reads them for itself.
 */
export async function findTraces(
  client: Client | Driver,
  call: string,
  database: SystemDatabase,
): Promise<readonly Trace[]> {
  const shared = systemDatabaseOf(client);
  if (shared.adapter.transactionStatus() !== "none") return await database.run(sql.findTraces, {});
  // Other calls may share it, so it is part of the span of this call, but does not end with its signal.
  const read = () => openCall(client, call, callDescription, {})[0].run(sql.findTraces, {});
  return await abortable(database.signal, () => readAndKeep(shared, read));
}

/** Makes the next call of a client read the traces again, after the client has left one itself. */
export function forgetTraces(client: Client | Driver): void {
  keptTraces.delete(systemDatabaseOf(client));
}
