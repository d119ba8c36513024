/** What the functions of the library need of a client. */

import {
  createSystemDatabase,
  type SystemDatabase,
  withSignal,
} from "../database/system_database.ts";
import type { Driver } from "../drivers/driver.ts";
import { adaptDriver } from "../drivers/mod.ts";
import {
  asBoolean,
  asChoice,
  asIndexedText,
  asInteger,
  asNumber,
  asSignal,
  asText,
  describeOptions,
  type OptionsDescription,
  readOptions,
} from "../options.ts";
import { asSerializer, toCustomFormat } from "../serialization/custom_format.ts";
import type { DBOSSerializer } from "../serialization/codec.ts";
import { type SerializationType, serializationTypes } from "../serialization/write.ts";
import type { CallDetails, TracedCall } from "../tracing/traced_call.ts";
import { createTracing, type Tracing } from "../tracing/tracing.ts";
import { asLogger, createLog, type Logger } from "../logger.ts";
import { maxTimerMs } from "../event_loop.ts";

/** The options of a client. */
export interface ClientOptions {
  /**
   * The schema of the DBOS system tables.
   *
   * @default {"dbos"}
   */
  schema?: string;
  /**
   * The application whose workers run the workflows that this client enqueues.
   *
   * @default {undefined} any application that uses the system database
   */
  applicationName?: string;
  /**
   * The format in which arguments and messages are written.
   *
   * @default {"portable"}, or that of the `serializer`
   */
  serializationType?: SerializationType;
  /**
   * A serializer of your own, which the workers have as well. It writes the values for which no
   * `serializationType` is asked for, and reads those that have its name or none.
   *
   * @default {undefined}
   */
  serializer?: DBOSSerializer;
  /**
   * The maximum time between two polls for a result, an event or a stream, in milliseconds. For a
   * result of which the client is notified, the time is 30 s, if that is longer.
   *
   * @default {1000}
   */
  pollingIntervalMs?: number;
  /**
   * How long a statement is retried after a transient error, in seconds; 0 disables retries. Transient
   * errors are a lost connection, a server that cannot be reached, is starting, has no free
   * connection or is read-only, a serialization failure and a deadlock. In an open transaction
   * nothing is retried.
   *
   * @default {10}
   */
  retryTimeoutSeconds?: number;
  /**
   * How long an attempt to run a statement waits for the answer of the database, in seconds. Then the
   * connection is given up, if the driver allows that, and the statement is sent on another one. A
   * statement gets as much again for each 100,000 characters that it writes, and twelve times as much
   * if it may change many rows, as those of `deleteWorkflows()` and `renameApplication()` may. Lists
   * and counts get as much more than `observabilityQueryTimeoutMs`. In an open transaction, where
   * nothing is retried, the attempt may take `retryTimeoutSeconds` longer.
   *
   * @default {5}
   */
  attemptTimeoutSeconds?: number;
  /**
   * How long the server may work on a list or count before it cancels the query, in milliseconds; 0
   * disables the limit. In an open transaction the transaction's own `statement_timeout` applies. With
   * a driver that sends one statement at a time, the client waits that long, and nothing is cancelled.
   *
   * @default {30000}
   */
  observabilityQueryTimeoutMs?: number;
  /**
   * Listen for the notifications that DBOS sends about events and streams, and the trigger of
   * `sql/extras/notify_completion.sql` about results, on one more connection, from the first wait for
   * one of them. A notification only ends a wait sooner: nothing is lost where none arrives, as behind a
   * pooler in transaction mode. Close a client that listens.
   *
   * @default {false}, but true for {@linkcode connect}
   */
  listen?: boolean;
  /**
   * Use named prepared statements where the driver has them. Set it to false behind a pooler in
   * transaction mode. Statements for a schema whose name is longer than 24 characters or not ASCII are
   * never prepared.
   *
   * @default {true}
   */
  prepare?: boolean;
  /**
   * Where to log retries, the loss and the return of the connection that listens for notifications,
   * and statements that are split because the server has refused them: `console`, or a logger like it.
   *
   * @default {undefined} nothing is logged
   */
  logger?: Logger;
  /**
   * Make an OpenTelemetry span for each call, and store its trace context with the workflows that the
   * call enqueues, so that their spans join the trace. The spans go to the SDK that the program has
   * registered, or to the OpenTelemetry of Deno; without one, nothing is recorded. Spans have names,
   * IDs and counts, but never a payload, a URL or a password.
   *
   * @default {false}
   */
  tracing?: boolean;
}

/** A client of one system database, made by {@linkcode createClient} or {@linkcode connect}. */
export interface Client extends AsyncDisposable {
  /**
   * Ends all waits and all retries of the client, and closes the connections that {@linkcode connect}
   * opened. A driver that was passed to {@linkcode createClient} stays open.
   */
  close(): Promise<void>;
}

/** An option that every call has. */
export interface CallOptions {
  /**
   * Ends the call: it rejects with the reason of the signal, and sends nothing more. A statement that
   * has been sent, or that also writes for other calls, may still take effect.
   *
   * @default {undefined}
   */
  signal?: AbortSignal;
}

/** The options of a call that has no others. */
export const callDescription: OptionsDescription<CallOptions> = describeOptions<CallOptions>({
  signal: asSignal,
});

/** The options of a client. */
export const clientDescription: OptionsDescription<ClientOptions> = describeOptions<ClientOptions>({
  schema: asText,
  applicationName: asIndexedText,
  serializationType: asChoice(...serializationTypes),
  serializer: asSerializer,
  pollingIntervalMs: asInteger(1, maxTimerMs),
  retryTimeoutSeconds: asNumber(0),
  attemptTimeoutSeconds: asNumber(0.001),
  observabilityQueryTimeoutMs: asInteger(0, 2 ** 31 - 1),
  listen: asBoolean,
  prepare: asBoolean,
  logger: asLogger,
  tracing: asBoolean,
});

const systemDatabases = new WeakMap<object, SystemDatabase>();
const clients = new WeakSet<object>();

/** Makes the system database behind a driver, with options that {@linkcode readOptions} has read. */
export function openSystemDatabase(
  driver: Driver,
  options: ClientOptions,
  closed: AbortSignal,
): SystemDatabase {
  const {
    schema = "dbos",
    applicationName,
    serializer,
    serializationType = serializer ? undefined : "portable",
    pollingIntervalMs = 1000,
    retryTimeoutSeconds = 10,
    attemptTimeoutSeconds = 5,
    observabilityQueryTimeoutMs = 30_000,
    listen = false,
    prepare = true,
    logger,
    tracing: isTraced = false,
  } = options;
  const tracing = isTraced ? createTracing() : undefined;
  const database = createSystemDatabase(
    adaptDriver(driver, { prepare }),
    {
      schema,
      applicationName,
      serializationType,
      serializer: serializer && toCustomFormat(serializer),
      pollingIntervalMs,
      retryTimeoutSeconds,
      attemptTimeoutSeconds,
      observabilityQueryTimeoutMs,
      listen,
      log: logger && createLog(logger),
      tracing,
    },
    closed,
  );
  if (tracing) systemDatabases.set(tracing.untraced, database);
  return database;
}

/** Has {@linkcode systemDatabaseOf} return this system database for a client. */
export function registerClient(client: Client, database: SystemDatabase): void {
  systemDatabases.set(client, database);
  clients.add(client);
}

/** Whether a value is a client, and not a driver. */
export function isClient(value: object): boolean {
  return clients.has(value);
}

/**
 * The system database behind a client or driver, the same one each time; with a signal, one for a call
 * that the signal ends.
 */
export function systemDatabaseOf(client: Client | Driver, signal?: AbortSignal): SystemDatabase {
  let database = systemDatabases.get(client);
  if (!database) {
    database = openSystemDatabase(client as Driver, {}, new AbortController().signal);
    systemDatabases.set(client, database);
  }
  return signal ? withSignal(database, signal) : database;
}

/**
 * What traces a call of a client. Undefined if the client traces nothing, or the call already has its
 * span and goes on with the untraced client.
 */
export function tracingOf(
  { settings: { tracing } }: SystemDatabase,
  client: Client | Driver,
): Tracing | undefined {
  return tracing?.untraced === client ? undefined : tracing;
}

/**
 * Runs a call in a span, with a client that makes no further spans. The details of its result are added
 * to those of the call.
 */
export async function runInSpan<Result>(
  tracing: Tracing,
  call: TracedCall,
  run: (untraced: Client) => Promise<Result>,
  detailsOf?: (result: Result) => CallDetails,
): Promise<Result> {
  const loading = tracing.load();
  // Only awaited if necessary, so that calls made in the same tick reach the batcher in order.
  const spans = loading instanceof Promise ? await loading : loading;
  return await spans.runInSpan(call, () => run(tracing.untraced as Client), detailsOf);
}

/**
 * The system database for a call, which its signal ends, and the options of the call. If the client
 * traces its calls, each statement of the call gets a span.
 */
export function openCall<Options extends CallOptions>(
  client: Client | Driver,
  call: string,
  description: OptionsDescription<Options>,
  options: Options | undefined,
): [database: SystemDatabase, options: Options] {
  // First, because all arguments are wrong if the client was forgotten.
  const tracing = tracingOf(systemDatabaseOf(client), client);
  const read = readOptions(call, description, options);
  const database = systemDatabaseOf(client, read.signal);
  return [
    tracing
      ? {
        ...database,
        run: (...given) => runInSpan(tracing, { name: call }, () => database.run(...given)),
      }
      : database,
    read,
  ];
}
