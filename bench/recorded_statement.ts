/** The statement of a call, to be repeated by something else than this client. */

import pg from "pg";
import postgres from "postgres";
import { asTexts } from "../src/drivers/pg_executor.ts";
import { type PgConfig, TextQuery } from "../src/drivers/pg_text_query.ts";

// In a statement for one row, the IDs that this client generates are parameters.
const generatedID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a parameter is an ID that this client has generated. */
export function isGeneratedID(value: unknown): boolean {
  return generatedID.test(String(value));
}

/** Records the last statement, or message of several ones, of a call on a connection. */
export async function recordStatement(
  url: string,
  call: (connection: pg.Client) => Promise<unknown>,
): Promise<TextQuery> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  try {
    const sent: TextQuery[] = [];
    const send = connection.query.bind(connection) as (query: TextQuery) => void;
    connection.query = ((query: TextQuery) => {
      sent.push(query);
      send(query);
    }) as typeof connection.query;
    // The first call does not know the time of the server yet.
    await call(connection);
    await call(connection);
    return sent.at(-1)!;
  } finally {
    await connection.end();
  }
}

/** Makes configs for the messages of a call, each with new IDs. */
async function recordConfig(
  url: string,
  call: (connection: pg.Client) => Promise<unknown>,
): Promise<() => PgConfig> {
  const { name, text, values, statements } = await recordStatement(url, call);
  if (statements) {
    // The texts of several statements have no parameters. The clients of a pool prepare those that
    // come again.
    const prepared = statements.map((query, index) => ({ ...query, name: `bench_${index}` }));
    return () => ({ text, statements: prepared, ...asTexts });
  }
  const isGenerated = values!.map(isGeneratedID);
  return () => ({
    name,
    text,
    values: values!.map((value, index) => isGenerated[index] ? crypto.randomUUID() : value),
    ...asTexts,
  });
}

function sendConfig(connection: pg.ClientBase, config: PgConfig): Promise<unknown> {
  const send = connection.query.bind(connection) as (query: TextQuery) => void;
  return new Promise((resolve, reject) =>
    send(new TextQuery(config, (error, results) => error ? reject(error) : resolve(results)))
  );
}

async function repeatOnConnection(
  url: string,
  createConfig: () => PgConfig,
  resources: AsyncDisposableStack,
): Promise<() => Promise<unknown>> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  resources.defer(() => connection.end());
  return () => sendConfig(connection, createConfig());
}

/**
 * Repeats the messages of a call with npm:pg alone, on one connection, and with new IDs: the limit of
 * what a client can do that uses npm:pg.
 */
export async function repeatAlone(
  url: string,
  call: (connection: pg.Client) => Promise<unknown>,
  resources: AsyncDisposableStack,
): Promise<() => Promise<unknown>> {
  return await repeatOnConnection(url, await recordConfig(url, call), resources);
}

/** Repeats the message of a call as the limit of what each driver can do. */
export async function repeatWithDrivers(
  url: string,
  call: (connection: pg.Client) => Promise<unknown>,
  resources: AsyncDisposableStack,
): Promise<{ name: string; run(): Promise<unknown> }[]> {
  const createConfig = await recordConfig(url, call);
  const pool = new pg.Pool({ connectionString: url });
  resources.defer(() => pool.end());
  async function runInPool(): Promise<unknown> {
    const connection = await pool.connect();
    try {
      return await sendConfig(connection, createConfig());
    } finally {
      connection.release();
    }
  }
  const sql = postgres(url, { fetch_types: false });
  resources.defer(() => sql.end());
  async function runWithPostgresJs(): Promise<unknown> {
    const { text, values = [] } = createConfig();
    return await sql.unsafe(text, [...values], { prepare: true }).values();
  }
  return [
    { name: "(npm:pg alone)", run: await repeatOnConnection(url, createConfig, resources) },
    { name: "(a pool of npm:pg alone)", run: runInPool },
    { name: "(npm:postgres alone)", run: runWithPostgresJs },
  ];
}
