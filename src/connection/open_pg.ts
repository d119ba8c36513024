/** Connects to a database through `npm:pg` for those who bring no driver. */

import { FatalConnectionError, TLSError } from "./connection_error.ts";
import {
  type ConnectionPool,
  createConnectionPool,
  type OpenConnection,
} from "./connection_pool.ts";
import type { ConnectionSettings, Host } from "./connection_settings.ts";
import {
  openSession,
  type PgClientClass,
  type SessionSettings,
  type SessionTarget,
} from "./pg_session.ts";
import { codeOf, sqlStateOf } from "../drivers/error_codes.ts";

type Connect = (target: SessionTarget) => Promise<OpenConnection>;

const cannotConnectNow = "57P03";
const invalidAuthorization = "28000";

/** Whether to use TLS, in the order in which libpq tries it. */
function encryptionsOf({ address }: Host, { sslMode }: ConnectionSettings): readonly boolean[] {
  // libpq never uses TLS on a Unix-domain socket.
  if (address.startsWith("/") || sslMode === "disable") return [false];
  if (sslMode === "allow") return [false, true];
  return sslMode === "prefer" ? [true, false] : [true];
}

/** Whether the other encryption may do where one has failed. */
function isOtherWorthwhile(isEncrypted: boolean, error: unknown): boolean {
  const state = sqlStateOf(error);
  if (!isEncrypted) return state !== undefined;
  // libpq goes on without TLS after any error of the server. A wrong password would then be sent in
  // the clear, so here it must be that the server does not take this user with TLS.
  return error instanceof TLSError || state === invalidAuthorization;
}

/** The servers to try, in order, and what each must be. */
function targetsOf(settings: ConnectionSettings): Omit<SessionTarget, "isEncrypted">[] {
  const { isRandomOrder, targetSessionAttributes: attributes } = settings;
  const hosts = isRandomOrder
    ? settings.hosts.map((host) => ({ host, rank: Math.random() }))
      .toSorted((a, b) => a.rank - b.rank).map(({ host }) => host)
    : settings.hosts;
  const targets = hosts.map((host) => ({ host, attributes }));
  if (attributes !== "prefer-standby") return targets;
  return [...targets, ...hosts.map((host) => ({ host, attributes: "any" as const }))];
}

async function connectTo(
  target: Omit<SessionTarget, "isEncrypted">,
  settings: ConnectionSettings,
  connect: Connect,
): Promise<OpenConnection> {
  const [first, second] = encryptionsOf(target.host, settings);
  try {
    return await connect({ ...target, isEncrypted: first! });
  } catch (error) {
    if (second === undefined || !isOtherWorthwhile(first!, error)) throw error;
    return await connect({ ...target, isEncrypted: second });
  }
}

/** Connects to the first server that will do. */
async function connectToAny(
  settings: ConnectionSettings,
  connect: Connect,
): Promise<OpenConnection> {
  const errors: Error[] = [];
  for (const target of targetsOf(settings)) {
    try {
      return await connectTo(target, settings, connect);
    } catch (error) {
      const state = sqlStateOf(error);
      if (error instanceof FatalConnectionError || (state && state !== cannotConnectNow)) {
        throw error;
      }
      errors.push(error as Error);
    }
  }
  if (errors.length === 1) throw errors[0];
  const reasons = errors.map(({ message }, index) => message || `attempt ${index + 1} failed`);
  throw Object.assign(
    new AggregateError(
      errors,
      `Cannot connect to the system database: no server will do: ${reasons.join("; ")}`,
    ),
    { code: codeOf(errors.at(-1)) },
  );
}

async function findUserName(): Promise<string> {
  try {
    return (await import("node:os")).userInfo().username;
  } catch (cause) {
    throw new TypeError("Cannot connect to the system database: the URL names no user", { cause });
  }
}

/**
 * A pool of connections of npm:pg. All of it is loaded on demand: those who bring a driver save
 * kilobytes.
 *
 * npm:pg opens one session. The order of servers and the choice of TLS are ours, because libpq tries a
 * server with TLS and without, and then the next one. So is the pool: that of npm:pg makes one attempt
 * for a connection, and when it ends, callers that wait for one are never served.
 */
export async function openPg(
  given: ConnectionSettings,
  maxConnections: number,
): Promise<ConnectionPool> {
  const { default: { Client } } = await import("pg") as unknown as {
    default: { Client: PgClientClass };
  };
  const settings: SessionSettings = { ...given, user: given.user ?? await findUserName() };
  return createConnectionPool(
    (closing) => connectToAny(settings, (target) => openSession(Client, target, settings, closing)),
    maxConnections,
  );
}
