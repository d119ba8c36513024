/** Runs the statements of sql/ on a system database, whatever its schema version. */

import { findFeatures } from "../../sql/database/mod.ts";
import type { Statement } from "../../sql/statement.ts";
import type { Adapter, TransactionStatus } from "../drivers/adapter.ts";
import type { NotificationHandlers } from "../notifications/notifications.ts";
import { createQueryBuilder, type Features, type Query, type QueryBuilder } from "./query.ts";
import { sqlStateOf } from "./sql_state.ts";
import type { SerializationType } from "../serialization/mod.ts";

/** What a client was created with, defaults filled in. */
export interface Settings {
  readonly schema: string;
  readonly applicationName: string | undefined;
  readonly serializationType: SerializationType;
  readonly pollingIntervalMs: number;
  readonly retryTimeoutSeconds: number;
  readonly observabilityQueryTimeoutMs: number;
  readonly listen: boolean;
}

/** The system database behind a client, as the functions of this library use it. */
export interface SystemDatabase {
  readonly settings: Settings;
  /** How many statements can be under way at once. */
  readonly connections: number;
  /** Aborted when the client is closed. */
  readonly closed: AbortSignal;
  /** Has `handlers` told of notifications until the client is closed, where that can and shall be. */
  subscribe(handlers: NotificationHandlers): void;
  /** Settles when nothing is onNotify any more: some time after the client was closed. */
  whenStopped(): Promise<void>;
  /** Whether a transaction of the caller is open, as far as the driver tells. */
  transactionStatus(): TransactionStatus;
  /** Looks at the schema once, so that a wrong database shows at once. */
  checkSchema(): Promise<void>;
  /** Refuses `feature` where the schema has not the column or table that it `needs`. */
  requireColumn(feature: string, needs: string): Promise<void>;
  /** Whether the schema has a column or table, as far as it was looked at. */
  hasColumn(name: string): boolean;
  /**
   * Runs a statement; tries again after transient faults, but never in a caller's transaction. What
   * `prelude` makes goes ahead of it in the same message, which is one transaction.
   */
  run<Parameters extends object, Row>(
    statement: Statement<Parameters, Row>,
    parameters: Parameters,
    prelude?: (buildQuery: QueryBuilder) => Query,
  ): Promise<Row[]>;
}

interface Schema {
  readonly columns: string;
  readonly features: Features;
  readonly buildQuery: QueryBuilder;
}

// An application may be upgraded while we are connected. What an upgrade removes is noticed by its
// error; what it adds raises none.
const schemaAgeMs = 60_000;

function describeSchema(schema: string, columns: string): Schema {
  const features = new Set(columns.split(" ").flatMap((name) => [name, name.split(".")[0]!]));
  return { columns, features, buildQuery: createQueryBuilder(schema, features) };
}

// Releases before kept what is queued in a table of its own.
const oldestSupportedColumn = "workflow_status.started_at_epoch_ms";

// 42703 and 42P01: a column or table is not there.
function isSchemaMismatch(error: unknown): boolean {
  return /^(42703|42P01)$/.test(sqlStateOf(error) ?? "");
}

// Few schemas lack something.
async function unsupported(feature: string, needs: string): Promise<Error> {
  return (await import("./unsupported.ts")).unsupported(feature, needs);
}

// An upgrade gave inputs and outputs tables of their own, which raises no error but leaves nothing to
// read where they were: the statements that this matters to look out for it, and do nothing then.
function isOutdated(row: unknown): boolean {
  return (row as { is_outdated?: boolean | null }).is_outdated === true;
}

export function createSystemDatabase(
  adapter: Adapter,
  settings: Settings,
  closed: AbortSignal,
): SystemDatabase {
  const buildProbe = createQueryBuilder(settings.schema, new Set());
  let schema: Promise<Schema> | undefined;
  let knownSchema: Schema | undefined;
  let readAt = 0;
  const allHandlers: NotificationHandlers[] = [];
  let listening: Promise<void> = Promise.resolve();

  async function readSchema(): Promise<Schema> {
    const probe = buildProbe(findFeatures, { schema_name: settings.schema });
    const [row] = await (await adapter.load()).query(probe);
    const columns = row?.columns as string | null;
    if (!columns?.includes("workflow_status.workflow_uuid")) {
      const { SystemSchemaNotFoundError } = await import("../errors/schema.ts");
      throw new SystemSchemaNotFoundError(String(row?.database), settings.schema);
    }
    if (columns !== knownSchema?.columns) knownSchema = describeSchema(settings.schema, columns);
    if (!knownSchema.features.has(oldestSupportedColumn)) {
      throw await unsupported("a system database of such an old release", oldestSupportedColumn);
    }
    return knownSchema;
  }

  async function listen(): Promise<void> {
    // Most clients never listen.
    const { listenForNotifications } = await import("../notifications/notifications.ts");
    const handlers: NotificationHandlers = {
      onNotify: (payload) => allHandlers.forEach((each) => each.onNotify(payload)),
      onReconnect: () => allHandlers.forEach((each) => each.onReconnect()),
    };
    await listenForNotifications(adapter, settings.schema, handlers, closed);
  }

  function currentSchema(): Promise<Schema> {
    const isOld = performance.now() - readAt > schemaAgeMs;
    if (schema && !isOld) return schema;
    readAt = performance.now();
    const reading = readSchema();
    reading.then(
      () => schema = reading,
      () => schema === reading && (schema = undefined),
    );
    // While an old look is replaced, what it saw still serves.
    return schema ??= reading;
  }

  async function requireColumn(feature: string, column: string): Promise<void> {
    if ((await currentSchema()).features.has(column)) return;
    // It may have come since.
    schema = undefined;
    const { features } = await currentSchema();
    if (!features.has(column)) throw await unsupported(feature, column);
  }

  async function attempt(
    { needs }: Statement<object, unknown>,
    send: (schema: Schema) => Promise<unknown[]>,
  ): Promise<unknown[]> {
    for (const column of needs?.columns ?? []) await requireColumn(needs!.feature, column);
    const seen = await currentSchema();
    try {
      const rows = await send(seen);
      if (!rows.some(isOutdated)) return rows;
    } catch (error) {
      if (isSchemaMismatch(error)) schema = undefined;
      throw error;
    }
    schema = undefined;
    return await send(await currentSchema());
  }

  async function runWithRetry(attempt: () => Promise<unknown[]>): Promise<unknown[]> {
    if (adapter.transactionStatus() !== "none") return await attempt();
    const giveUpAtMs = performance.now() + settings.retryTimeoutSeconds * 1000;
    try {
      return await attempt();
    } catch (error) {
      // Few statements fail.
      const { isTransient, retryAfter } = await import("./retry.ts");
      let mismatches = 0;
      return await retryAfter(
        error,
        attempt,
        (fault) =>
          isSchemaMismatch(fault) ? mismatches++ === 0 : isTransient(fault, adapter.canReconnect),
        giveUpAtMs,
      );
    }
  }

  return {
    settings,
    connections: adapter.connections,
    closed,
    subscribe(handlers) {
      if (!settings.listen) return;
      allHandlers.push(handlers);
      if (allHandlers.length === 1) listening = listen();
    },
    whenStopped: () => listening,
    transactionStatus: () => adapter.transactionStatus(),
    async checkSchema() {
      await currentSchema();
    },
    hasColumn: (name) => knownSchema?.features.has(name) ?? false,
    requireColumn,
    run<Parameters extends object, Row>(
      statement: Statement<Parameters, Row>,
      parameters: Parameters,
      prelude?: (buildQuery: QueryBuilder) => Query,
    ) {
      const send = async ({ buildQuery }: Schema) => {
        const executor = await adapter.load();
        const query = buildQuery(statement, parameters);
        return await (prelude
          ? executor.queryInOneMessage([prelude(buildQuery), query])
          : executor.query(query));
      };
      return runWithRetry(() => attempt(statement, send)) as Promise<Row[]>;
    },
  };
}
