import { EventEmitter } from "node:events";
import {
  type PGlite,
  type QueryOptions,
  type Results,
  type Transaction,
  types,
} from "@electric-sql/pglite";
import type { DBOSConfig } from "@dbos-inc/dbos-sdk";

interface Query {
  text: string;
  values?: unknown[];
}

interface QueryResult {
  rows: unknown[];
  rowCount: number | null;
}

interface OpenTransaction {
  session: Transaction;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/**
 * Wraps a PGlite database as the pg.Pool of a DBOS application, so that it needs no server.
 *
 * PGlite's own pool for pg has only one client, but the application keeps one for LISTEN.
 */
export function createPglitePool(
  database: PGlite,
): NonNullable<DBOSConfig["systemDatabasePool"]> {
  const pool: unknown = new PglitePool(database);
  return pool as NonNullable<DBOSConfig["systemDatabasePool"]>;
}

class PglitePool extends EventEmitter {
  readonly options: { max: number } = { max: 10 };
  readonly #database: PGlite;

  constructor(database: PGlite) {
    super();
    this.#database = database;
  }

  connect(): Promise<PgliteClient> {
    return Promise.resolve(new PgliteClient(this.#database));
  }

  query(query: string | Query, values?: unknown[]): Promise<QueryResult> {
    return runQuery(this.#database, query, values);
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * All clients share the one connection of PGlite. Single statements run one at a time. A
 * transaction is a PGlite transaction: other clients and direct users of PGlite wait for its end.
 */
class PgliteClient extends EventEmitter {
  readonly #database: PGlite;
  readonly #stopListening: () => void;
  #transaction: OpenTransaction | undefined;

  constructor(database: PGlite) {
    super();
    this.#database = database;
    this.#stopListening = database.onNotification((channel, payload) => {
      this.emit("notification", { channel, payload });
    });
  }

  async query(query: string | Query, values?: unknown[]): Promise<QueryResult> {
    const text = (typeof query === "string" ? query : query.text).trim().replace(/;$/, "");
    if (/^begin\b/i.test(text)) return await this.#begin(text);
    if (/^commit\b/i.test(text)) return await this.#finish("commit");
    if (/^rollback\b(?!\s+to\b)/i.test(text)) return await this.#finish("rollback");
    return await runQuery(this.#transaction?.session ?? this.#database, query, values);
  }

  async release(): Promise<void> {
    this.#stopListening();
    await this.#finish("rollback");
  }

  async #begin(text: string): Promise<QueryResult> {
    this.#transaction = await openTransaction(this.#database);
    const modes = text.replace(/^begin/i, "").trim();
    if (modes) await this.#transaction.session.exec(`set transaction ${modes}`);
    return { rows: [], rowCount: null };
  }

  async #finish(outcome: "commit" | "rollback"): Promise<QueryResult> {
    const transaction = this.#transaction;
    this.#transaction = undefined;
    await transaction?.[outcome]();
    return { rows: [], rowCount: null };
  }
}

/** Converts a PGlite transaction, which ends with a callback, to one that ends with a call. */
function openTransaction(database: PGlite): Promise<OpenTransaction> {
  // Node 20 lacks Promise.withResolvers().
  return new Promise((resolve, reject) => {
    const completion = database.transaction((session) =>
      new Promise<void>((end) => {
        async function commit(): Promise<void> {
          end();
          await completion;
        }
        async function rollback(): Promise<void> {
          await session.rollback();
          await commit();
        }
        resolve({ session, commit, rollback });
      })
    );
    completion.catch(reject);
  });
}

const asText = (value: string) => value;

/** Parses values as pg does, whatever the settings of the database: a bigint is a string. */
export const pgParsers: NonNullable<QueryOptions["parsers"]> = {
  [types.INT8]: asText,
  [types.TEXT]: asText,
  [types.INT4]: Number,
  [types.BOOL]: (value) => value === "t",
  [types.JSON]: (value) => JSON.parse(value),
  [types.JSONB]: (value) => JSON.parse(value),
};

async function runQuery(
  session: PGlite | Transaction,
  query: string | Query,
  values?: unknown[],
): Promise<QueryResult> {
  const { text, values: parameters } = typeof query === "string" ? { text: query, values } : query;
  const options = { parsers: pgParsers };
  const result: Results | undefined = parameters?.length
    ? await session.query(text, parameters, options)
    : (await session.exec(text, options)).at(-1);
  return { rows: result?.rows ?? [], rowCount: result?.rowCount ?? null };
}
