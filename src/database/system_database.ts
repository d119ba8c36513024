/** Runs the statements of sql/ on a system database, whatever the version of its schema. */

import * as sql from "../../sql/database/mod.ts";
import type { Statement } from "../../sql/statement.ts";
import { type Adapter, type Executor, type Query, throwIfUnneeded } from "../drivers/adapter.ts";
import { isPrivilegeMissing, readOnly, sqlStateOf, toFaultText } from "../drivers/error_codes.ts";
import { DatabaseTimeoutError } from "../errors/database.ts";
import { mapInSlices } from "../event_loop.ts";
import type { Log } from "../logger.ts";
import { abortable, onDemand } from "../promises.ts";
import { type CustomFormat, formatForCall } from "../serialization/custom_format.ts";
import type { SerializationType } from "../serialization/write.ts";
import type { Tracing } from "../tracing/tracing.ts";
import { attemptWithin, isRetriable, isUnreachable, retryAfter, scaleTimeout } from "./retry.ts";
import type { CompiledQuery, QueryBuilder } from "./query.ts";
import { type Row, toRow } from "./rows.ts";
import { createSchemaReader, isSchemaMismatch, type Schema } from "./schema.ts";

/** The options of a client, with their defaults filled in. */
export interface Settings {
  readonly schema: string;
  readonly applicationName: string | undefined;
  /** Undefined if values are written with the serializer. */
  readonly serializationType: SerializationType | undefined;
  readonly serializer: CustomFormat | undefined;
  readonly pollingIntervalMs: number;
  readonly retryTimeoutSeconds: number;
  readonly attemptTimeoutSeconds: number;
  readonly observabilityQueryTimeoutMs: number;
  readonly listen: boolean;
  readonly log: Log | undefined;
  readonly tracing: Tracing | undefined;
}

/** The system database behind a client, as the functions of this library use it. */
export interface SystemDatabase {
  readonly settings: Settings;
  readonly adapter: Adapter;
  /** Aborted when the client is closed. */
  readonly closed: AbortSignal;
  /** The signal of the call that this is for, if it has one. */
  readonly signal?: AbortSignal;
  /** Whether a call is part of a transaction of the caller, as far as the driver tells. */
  isInTransaction(): boolean;
  /** Whether an error means that the database cannot be reached, or does not accept statements. */
  isUnreachable(error: unknown): Promise<boolean>;
  /** When the server last answered a statement, by performance.now(). */
  lastAnswerAt(): number;
  /** Sends a query once, whatever the schema. */
  send(query: CompiledQuery): Promise<Row[]>;
  /** Reads the schema, so that a wrong database is noticed. */
  checkSchema(): Promise<void>;
  /** Refuses `feature` if the schema lacks a table or column that it needs. */
  requireColumn(feature: string, column: string, options?: RunOptions): Promise<void>;
  /** Whether the schema, as last read, has a table or column; false before it was read. */
  hasColumn(column: string): boolean;
  /** Runs a statement. Retries after transient errors, but never in a transaction of the caller. */
  run<Parameters extends object, Row>(
    statement: Statement<Parameters, Row>,
    parameters: Parameters,
    options?: RunOptions,
  ): Promise<Row[]>;
}

/** How to send a query. */
interface SendOptions {
  /** How long an attempt may take, in milliseconds, if not as long as the client's option says. */
  readonly timeoutMs?: number | undefined;
  /** Whether somebody still waits for the answer; otherwise nothing more is sent. */
  readonly isNeeded?: () => boolean;
  /** That of the call, if the statement is for one call. */
  readonly signal?: AbortSignal;
}

/** How to run a statement. */
export interface RunOptions extends SendOptions {
  /**
   * Makes a query that is sent ahead in the same message, which is one transaction. The driver must be
   * able to do so.
   */
  readonly prelude?: (buildQuery: QueryBuilder) => Query;
  /** Whether it may change many rows, for which an attempt may take longer. */
  readonly isLong?: boolean;
  /** Parameters of all attempts after the first one. */
  readonly retryParameters?: object;
  /** When the time for retries began, by performance.now(), if not with the first attempt. */
  readonly since?: number | undefined;
  /** Is called with the error of an attempt that is retried. */
  readonly onRetry?: (error: unknown) => void;
}

// They are for errors only, and 0.9 KB gzipped.
const loadDriverError = onDemand(() => import("../drivers/driver_error.ts"));
const loadReadOnlyError = onDemand(() => import("../errors/read_only.ts"));

// An upgrade moves inputs and outputs to tables of their own. That raises no error, but leaves nothing
// to read in the old places. Statements that this matters to tell so, and do nothing then.
function isOutdated(row: unknown): boolean {
  return (row as { is_outdated?: boolean | null }).is_outdated === true;
}

/** The system database behind a driver. */
export function createSystemDatabase(
  adapter: Adapter,
  settings: Settings,
  closed: AbortSignal,
): SystemDatabase {
  const { attemptTimeoutSeconds, retryTimeoutSeconds } = settings;
  const schemaReader = createSchemaReader(send, settings.schema);
  const longTimeoutMs = 12_000 * attemptTimeoutSeconds;
  let executor: Executor | undefined;
  let answeredAt = -Infinity;

  function defaultTimeoutMs(): number {
    // In a transaction of the caller, where nothing is retried, one attempt gets all the time.
    const isOutside = adapter.transactionStatus() === "none";
    return 1000 * (isOutside ? attemptTimeoutSeconds : attemptTimeoutSeconds + retryTimeoutSeconds);
  }

  /** Sends a query, in one message with the prelude, if there is one. */
  async function send(
    query: CompiledQuery,
    { timeoutMs = defaultTimeoutMs(), isNeeded = () => true, signal }: SendOptions = {},
    prelude?: Query,
  ): Promise<Row[]> {
    const { query: sendOne, queryInOneMessage } = executor ??= await adapter.load();
    const queries = prelude ? [prelude, query] : [query];
    throwIfUnneeded({ isNeeded });
    try {
      const rows = await attemptWithin(
        scaleTimeout(timeoutMs, queries),
        isNeeded,
        signal,
        (attempt) => prelude ? queryInOneMessage!(queries, attempt) : sendOne(query, attempt),
      );
      answeredAt = performance.now();
      const mapping = mapInSlices(rows, (row) => toRow(query.columns, row));
      return mapping instanceof Promise ? await mapping : mapping;
    } catch (error) {
      if (sqlStateOf(error)) answeredAt = performance.now();
      if (error instanceof DatabaseTimeoutError) throw error;
      const { withoutSecrets } = await loadDriverError();
      throw withoutSecrets(error);
    }
  }

  async function attempt(
    statement: Statement<object, unknown>,
    parameters: object,
    send: (schema: Schema) => Promise<unknown[]>,
  ): Promise<unknown[]> {
    const { needs } = statement;
    if (needs) {
      for (const column of needs.columns) await schemaReader.requireColumn(needs.feature, column);
    }
    const reading = schemaReader.current();
    let schema = reading instanceof Promise ? await reading : reading;
    try {
      const rows = await send(schema);
      if (!rows.some(isOutdated)) return rows;
      schemaReader.invalidate();
      schema = await schemaReader.current();
      return await send(schema);
    } catch (error) {
      if (isSchemaMismatch(error)) schemaReader.invalidate();
      if (sqlStateOf(error) === readOnly) {
        const { ReadOnlyServerError } = await loadReadOnlyError();
        throw new ReadOnlyServerError({ cause: error });
      }
      if (!isPrivilegeMissing(error)) throw error;
      throw await explainRefusal(error, statement, parameters, schema);
    }
  }

  /** The error for the caller of a statement for which the role lacks a privilege. */
  async function explainRefusal(
    error: Error,
    statement: Statement<object, unknown>,
    parameters: object,
    { buildQuery }: Schema,
  ): Promise<Error> {
    // Loaded on demand: it is for the message of an error only.
    const { toPrivilegeError } = await import("./missing_privilege.ts");
    const { text } = buildQuery(statement, parameters);
    // A transaction of the caller is aborted, and takes no statement.
    const isOutside = adapter.transactionStatus() === "none";
    return await toPrivilegeError(
      error,
      { schema: settings.schema, name: statement.name, text },
      async (given) =>
        isOutside
          ? await send(buildQuery(sql.findMissingPrivileges, given)) as { privilege: string }[]
          : [],
    );
  }

  async function runWithRetry<Result>(
    name: string,
    attempt: () => Promise<Result>,
    { onRetry = () => {}, isNeeded = () => true, since = performance.now() }: RunOptions = {},
  ): Promise<Result> {
    if (adapter.transactionStatus() !== "none") return await attempt();
    const deadline = since + retryTimeoutSeconds * 1000;
    try {
      return await attempt();
    } catch (error) {
      const { isLostConnection } = await adapter.load();
      let mismatches = 0;
      const isWorthRetry = (error: unknown) => {
        onRetry(error);
        if (!isNeeded()) return false;
        return isSchemaMismatch(error)
          ? mismatches++ === 0
          : isRetriable(error, adapter.canReconnect, isLostConnection);
      };
      let retries = 0;
      const onDelay = (error: unknown, delayMs: number) =>
        settings.log?.(
          "warn",
          `attempt ${++retries} of statement ${name} failed with ${toFaultText(error)}; the next ` +
            `one is in ${Math.round(delayMs)} ms`,
        );
      const result = await retryAfter(error, attempt, isWorthRetry, deadline, closed, onDelay);
      settings.log?.("info", `attempt ${retries + 1} of statement ${name} succeeded`);
      return result;
    }
  }

  return {
    settings,
    adapter,
    closed,
    isInTransaction: () => adapter.transactionStatus() === "open",
    async isUnreachable(error) {
      const executor = await adapter.load().catch(() => undefined);
      return executor !== undefined && isUnreachable(error, executor.isLostConnection);
    },
    lastAnswerAt: () => answeredAt,
    send,
    async checkSchema() {
      await runWithRetry(sql.findFeatures.name, async () => await schemaReader.current());
    },
    // A call reads the schema before its statement, so that is retried too.
    requireColumn: (feature, column, options) =>
      runWithRetry(
        sql.findFeatures.name,
        () => schemaReader.requireColumn(feature, column),
        options,
      ),
    hasColumn: schemaReader.hasColumn,
    run<Parameters extends object, Row>(
      statement: Statement<Parameters, Row>,
      parameters: Parameters,
      options: RunOptions = {},
    ) {
      const { prelude, isLong, retryParameters } = options;
      const sendOptions = isLong ? { ...options, timeoutMs: longTimeoutMs } : options;
      let attempts = 0;
      const sendOnce = ({ buildQuery }: Schema) => {
        const isRetry = attempts++ > 0 && retryParameters;
        const given = isRetry ? { ...parameters, ...retryParameters } : parameters;
        return send(buildQuery(statement, given), sendOptions, prelude?.(buildQuery));
      };
      return runWithRetry(
        statement.name,
        () => attempt(statement, parameters, sendOnce),
        options,
      ) as Promise<Row[]>;
    },
  };
}

/**
 * The system database for one call: it rejects as soon as `signal` is aborted, and sends nothing more.
 * What is shared by the calls of a client, such as a batcher, needs the system database itself.
 */
export function withSignal(database: SystemDatabase, signal: AbortSignal): SystemDatabase {
  const isNeeded = () => !signal.aborted;
  const { settings } = database;
  return {
    ...database,
    signal,
    settings: { ...settings, serializer: formatForCall(settings.serializer, signal) },
    requireColumn: (feature, column) =>
      abortable(signal, () => database.requireColumn(feature, column, { isNeeded })),
    run(statement, parameters, options) {
      const both = () => isNeeded() && (options?.isNeeded?.() ?? true);
      return abortable(
        signal,
        () => database.run(statement, parameters, { ...options, isNeeded: both, signal }),
      );
    },
  };
}
