import type { DriverRow, Value } from "./adapter.ts";

/** What a query of npm:pg does with the connection of its client. */
export interface PgConnection {
  readonly stream: { destroy(): void; cork?(): void; uncork?(): void };
  /** The texts of the statements that the server has parsed, by name. The client keeps them. */
  readonly parsedStatements?: Readonly<Record<string, string>>;
  query(text: string): void;
  parse(message: { name: string; text: string }): void;
  bind(message: { statement: string; values: readonly (string | null)[] }): void;
  execute(message: object): void;
  sync(): void;
}

/** A client of npm:pg. */
export interface PgClient {
  readonly connection?: PgConnection;
  /** Whether it pipelines, and then refuses queries that are not its own. */
  readonly pipeline?: boolean;
}

/** What a client of npm:pg makes a query of. It returns arrays of texts. */
export interface PgConfig {
  /** Empty if the statement is not to be prepared. */
  readonly name?: string;
  readonly text: string;
  /** Undefined if the text has several statements. */
  readonly values?: readonly Value[];
  readonly rowMode: "array";
  readonly types: { getTypeParser(): (text: string) => string };
}

/** The result of a statement. */
export interface PgResult {
  readonly rows: DriverRow[];
}

/** What a client of npm:pg calls: with several results if the text has several statements. */
export type PgCallback = (error: unknown, results: PgResult | PgResult[]) => void;

/** Whether a client takes a {@linkcode TextQuery}: the one in native code does not. */
export function takesTextQuery({ connection, pipeline }: PgClient): boolean {
  if (!connection?.parsedStatements || pipeline) return false;
  // Before pg 8.2 the connection collected messages by itself.
  return !("writer" in connection);
}

/**
 * A query for `client.query()` that sends its own messages, as those of npm:pg-cursor do. A query of
 * npm:pg has the server describe the columns of each answer, and looks for a parser for each of them:
 * a quarter of the time that a short statement takes the client. The client calls the methods, and
 * handles the other messages of the server itself.
 *
 * An instrumentation of npm:pg, such as that of OpenTelemetry, may pass a copy or a proxy to the client.
 * So it has no private fields, which a proxy could not read, and a copy of it is a config, of which the
 * client makes a query that returns the same texts.
 */
export class TextQuery implements PgConfig {
  readonly name: string;
  readonly text: string;
  readonly values?: readonly Value[];
  readonly rowMode: PgConfig["rowMode"];
  readonly types: PgConfig["types"];
  /** The rows. In a config, `rows` is how many of them to fetch at once. */
  received: DriverRow[] = [];
  failure: unknown = null;
  /** The client or an instrumentation may replace it. */
  callback: PgCallback;

  constructor({ name = "", text, values, rowMode, types }: PgConfig, callback: PgCallback) {
    this.name = name;
    this.text = text;
    if (values) this.values = values;
    this.rowMode = rowMode;
    this.types = types;
    this.callback = callback;
  }

  submit(connection: PgConnection): void {
    const { name, text, values } = this;
    if (!values) return connection.query(text);
    const { stream, parsedStatements } = connection;
    // The messages go together.
    stream.cork?.();
    try {
      // Equal names have equal texts.
      if (!name || parsedStatements![name] === undefined) connection.parse({ name, text });
      const texts = values.map((value) => value === null ? null : String(value));
      connection.bind({ statement: name, values: texts });
      connection.execute({});
    } catch (error) {
      // There may be too little memory for the values. The client is free once the server has answered.
      this.failure = error;
    } finally {
      connection.sync();
      stream.uncork?.();
    }
  }

  /** Comes before the rows of each of several statements. Those of the last one stay. */
  handleRowDescription(): void {
    this.received = [];
  }

  handleDataRow({ fields }: { fields: DriverRow }): void {
    this.received.push(fields);
  }

  handleCommandComplete(): void {}

  handleEmptyQuery(): void {}

  handleError(error: Error): void {
    this.callback(error, { rows: [] });
  }

  handleReadyForQuery(): void {
    this.callback(this.failure, { rows: this.received });
  }
}
