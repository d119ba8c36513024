import type { DriverRow, Query } from "./adapter.ts";

/** What the client of npm:pg lets a query do with the server. */
export interface PgConnection {
  readonly stream: { destroy(): void; cork?(): void; uncork?(): void };
  /** The texts of the statements that the server has parsed, by name. */
  readonly parsedStatements?: Readonly<Record<string, string>>;
  parse(message: { name: string; text: string }): void;
  bind(message: { statement: string; values: readonly (string | null)[] }): void;
  execute(message: object): void;
  sync(): void;
}

/** A client of npm:pg, if it is the one in JavaScript. */
export interface PgClient {
  readonly connection?: PgConnection;
  /** Whether it sends queries before the answers to earlier ones, and then takes none but its own. */
  readonly pipeline?: boolean;
}

/** Whether a client takes a {@linkcode TextQuery}. */
export function takesTextQuery({ connection, pipeline }: PgClient): boolean {
  return connection?.parsedStatements !== undefined && !pipeline;
}

function sendMessages(connection: PgConnection, { name, text, values }: Query): void {
  // The client notes which statements the server has parsed.
  if (!name || connection.parsedStatements![name] === undefined) connection.parse({ name, text });
  const texts = values.map((value) => value === null ? null : String(value));
  connection.bind({ statement: name, values: texts });
  connection.execute({});
}

/**
 * A query for `client.query()`, which returns rows of texts. Like those of npm:pg-cursor, it sends its
 * own messages. A query of npm:pg has the server describe the columns each time, and looks for the parser
 * of each; that is a quarter of the time that a short statement takes the client.
 */
export class TextQuery {
  // What the client reads, and what others read that look on. Only the last query has a name.
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
  /** Is set by the client. */
  callback?: (error: Error | null, rows: readonly DriverRow[]) => void;
  readonly #queries: readonly Query[];
  #completed = 0;
  #rows: DriverRow[] = [];

  /** Queries for one transaction. It returns the rows of the last one. */
  constructor(queries: readonly Query[]) {
    const { name, text, values } = queries.at(-1)!;
    this.name = name;
    this.text = text;
    this.values = values;
    this.#queries = queries;
  }

  /** Sends all messages together. */
  submit(connection: PgConnection): void {
    const { stream } = connection;
    stream.cork?.();
    try {
      for (const query of this.#queries) sendMessages(connection, query);
      connection.sync();
    } catch (error) {
      // The values were too large. The client goes on when the server answers.
      connection.sync();
      this.handleError(error as Error);
    } finally {
      stream.uncork?.();
    }
  }

  handleDataRow({ fields }: { fields: DriverRow }): void {
    if (this.#completed === this.#queries.length - 1) this.#rows.push(fields);
  }

  handleCommandComplete(): void {
    this.#completed++;
  }

  handleEmptyQuery(): void {}

  handleError(error: Error): void {
    this.callback?.(error, []);
  }

  handleReadyForQuery(): void {
    this.callback?.(null, this.#rows);
  }
}
