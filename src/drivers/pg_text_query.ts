import type { DriverRow, Query, Value } from "./adapter.ts";

/** What a query of npm:pg does with the connection of its client. */
export interface PgConnection {
  readonly stream: { destroy(): void; cork?(): void; uncork?(): void };
  /** The texts of the statements that the server has parsed, by name. The client keeps them. */
  readonly parsedStatements?: Readonly<Record<string, string>>;
  close(message: { type: "S"; name: string }): void;
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
  /** The statements of the text, if it has several. */
  readonly statements?: readonly Query[];
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

// What connections have prepared for queries of several statements. Of those of one, npm:pg keeps it.
const preparedOn = new WeakMap<PgConnection, Set<string>>();

function namesOn(connection: PgConnection): Set<string> {
  let names = preparedOn.get(connection);
  if (!names) preparedOn.set(connection, names = new Set());
  return names;
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
  readonly statements: readonly Query[];
  readonly rowMode: PgConfig["rowMode"];
  readonly types: PgConfig["types"];
  /** The rows. In a config, `rows` is how many of them to fetch at once. */
  received: DriverRow[] = [];
  failure: unknown = null;
  /** How many statements have ended. */
  ended = 0;
  /** The client or an instrumentation may replace it. */
  callback: PgCallback;

  constructor(config: PgConfig, callback: PgCallback) {
    const { name = "", text, values, rowMode, types } = config;
    this.name = name;
    this.text = text;
    if (values) this.values = values;
    this.statements = config.statements ?? [{ name, text, values: values ?? [] }];
    this.rowMode = rowMode;
    this.types = types;
    this.callback = callback;
  }

  submit(connection: PgConnection): void {
    const { stream } = connection;
    // The messages go together.
    stream.cork?.();
    try {
      for (const statement of this.statements) this.send(statement, connection);
    } catch (error) {
      // There may be too little memory for the values. The client is free once the server has answered.
      this.failure = error;
    } finally {
      connection.sync();
      stream.uncork?.();
    }
  }

  /** Equal names have equal texts. */
  send({ name, text, values }: Query, connection: PgConnection): void {
    const isPrepared = name &&
      (connection.parsedStatements![name] ?? namesOn(connection).has(name));
    if (!isPrepared) {
      // After an error it is unknown whether the server still has it.
      if (name && !this.name) connection.close({ type: "S", name });
      connection.parse({ name, text });
    }
    const texts = values.map((value) => value === null ? null : String(value));
    connection.bind({ statement: name, values: texts });
    connection.execute({});
  }

  handleDataRow({ fields }: { fields: DriverRow }): void {
    this.received.push(fields);
  }

  /** Only the rows of the last statement stay. */
  handleCommandComplete(_message: object, connection: PgConnection): void {
    if (++this.ended < this.statements.length) this.received = [];
    else if (!this.name) {
      for (const { name } of this.statements) if (name) namesOn(connection).add(name);
    }
  }

  handleEmptyQuery(): void {}

  handleError(error: Error, connection: PgConnection): void {
    // It may be that the session is another one, behind a pooler, and does not have them.
    if (!this.name) { for (const { name } of this.statements) namesOn(connection).delete(name); }
    this.callback(error, { rows: [] });
  }

  handleReadyForQuery(): void {
    this.callback(this.failure, { rows: this.received });
  }
}
