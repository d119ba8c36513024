/** The statement of a call, to be repeated by something else than this client. */

import pg from "pg";

/** A statement as this client passes it to npm:pg. */
export interface RecordedStatement {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

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
): Promise<RecordedStatement> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  try {
    const sent: RecordedStatement[] = [];
    const query = connection.query.bind(connection) as (...given: unknown[]) => Promise<unknown>;
    connection.query = ((sending: RecordedStatement, ...rest: unknown[]) => {
      const { name, text, values } = sending;
      sent.push({ text, ...(name && { name }), ...(values && { values }) });
      return query(sending, ...rest);
    }) as typeof connection.query;
    // The first call does not know the time of the server yet.
    await call(connection);
    await call(connection);
    return sent.at(-1)!;
  } finally {
    await connection.end();
  }
}

/**
 * Repeats the statement of a call with npm:pg alone, on one connection, and with new IDs: the limit of
 * what a client can do that uses npm:pg.
 */
export async function repeatAlone(
  url: string,
  call: (connection: pg.Client) => Promise<unknown>,
  resources: AsyncDisposableStack,
): Promise<() => Promise<unknown>> {
  const { values = [], ...statement } = await recordStatement(url, call);
  const isGenerated = values.map(isGeneratedID);
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  resources.defer(() => connection.end());
  return () =>
    connection.query({
      ...statement,
      values: values.map((value, index) => isGenerated[index] ? crypto.randomUUID() : value),
    });
}
