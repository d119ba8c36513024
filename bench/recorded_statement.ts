/** The statement of a call, to be repeated by something else than this client. */

import pg from "pg";
import { asTexts } from "../src/drivers/pg_executor.ts";
import { TextQuery } from "../src/drivers/pg_text_query.ts";

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

/**
 * Repeats the messages of a call with npm:pg alone, on one connection, and with new IDs: the limit of
 * what a client can do that uses npm:pg.
 */
export async function repeatAlone(
  url: string,
  call: (connection: pg.Client) => Promise<unknown>,
  resources: AsyncDisposableStack,
): Promise<() => Promise<unknown>> {
  const { name, text, values, statements } = await recordStatement(url, call);
  // The text of several statements has no parameters.
  const isGenerated = values?.map(isGeneratedID);
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  resources.defer(() => connection.end());
  const send = connection.query.bind(connection) as (query: TextQuery) => void;
  return () =>
    new Promise((resolve, reject) => {
      const config = {
        name,
        text,
        ...asTexts,
        ...(!values && { statements }),
        ...(values && {
          values: values.map((value, index) => isGenerated![index] ? crypto.randomUUID() : value),
        }),
      };
      send(new TextQuery(config, (error, results) => error ? reject(error) : resolve(results)));
    });
}
