import { createSlicer } from "../event_loop.ts";
import type { DriverRow, Query, Value } from "./adapter.ts";
import { isCurrentName } from "./repeated_texts.ts";

/** What a query of npm:pg does with the connection of its client. */
export interface PgConnection {
  readonly stream: {
    destroy(): void;
    cork?(): void;
    uncork?(): void;
    pause?(): void;
    resume?(): void;
  };
  /** The texts of the statements that the server has parsed, by name. The client keeps them. */
  readonly parsedStatements?: Readonly<Record<string, string>>;
  query(text: string): void;
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

// What connections have prepared for queries of several statements. npm:pg itself keeps the names of
// queries of one, in `parsedStatements`.
const preparedOn = new WeakMap<PgConnection, Set<string>>();

function namesOn(connection: PgConnection): Set<string> {
  let names = preparedOn.get(connection);
  if (!names) preparedOn.set(connection, names = new Set());
  return names;
}

/** Has a connection prepare one of several statements, and drop those that no text needs any more. */
function prepare({ name, text }: Query, connection: PgConnection): void {
  const names = namesOn(connection);
  for (const other of names) {
    if (isCurrentName(other)) continue;
    names.delete(other);
    connection.close({ type: "S", name: other });
  }
  // After an error it is unknown whether the server has it.
  connection.close({ type: "S", name });
  connection.parse({ name, text });
}

function execute({ name, values }: Query, connection: PgConnection): void {
  const texts = values.map((value) => value === null ? null : String(value));
  connection.bind({ statement: name, values: texts });
  connection.execute({});
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
  readonly statements?: readonly Query[];
  readonly rowMode: PgConfig["rowMode"];
  readonly types: PgConfig["types"];
  /** The text as it was given. An instrumentation may add a comment to `text`. */
  readonly givenText: string;
  /** The rows. In a config, `rows` is how many of them to fetch at once. */
  received: DriverRow[] = [];
  stream: PgConnection["stream"] | undefined;
  readonly endSlice: () => Promise<void> | undefined = createSlicer();
  isPaused = false;
  failure: unknown = null;
  /** How many statements have ended. */
  ended = 0;
  /** The client or an instrumentation may replace it. */
  callback: PgCallback;

  constructor(config: PgConfig, callback: PgCallback) {
    const { name = "", text, values, statements, rowMode, types } = config;
    this.name = name;
    this.text = text;
    this.givenText = text;
    if (values) this.values = values;
    if (statements) this.statements = statements;
    this.rowMode = rowMode;
    this.types = types;
    this.callback = callback;
  }

  submit(connection: PgConnection): void {
    const { text, statements } = this;
    const { stream } = connection;
    this.stream = stream;
    if (statements && text !== this.givenText) return connection.query(text);
    // The messages go together.
    stream.cork?.();
    try {
      if (statements) this.sendSeveral(statements, connection);
      else this.sendOne(connection);
    } catch (error) {
      // There may be too little memory for the values. The client is free once the server has answered.
      this.failure = error;
    } finally {
      connection.sync();
      stream.uncork?.();
    }
  }

  sendOne(connection: PgConnection): void {
    const { name, text, values = [] } = this;
    // Equal names have equal texts.
    if (!name || connection.parsedStatements![name] === undefined) connection.parse({ name, text });
    execute({ name, text, values }, connection);
  }

  sendSeveral(statements: readonly Query[], connection: PgConnection): void {
    for (const statement of statements) {
      const { name, text } = statement;
      if (!name) connection.parse({ name, text });
      else if (!namesOn(connection).has(name)) prepare(statement, connection);
      execute(statement, connection);
    }
  }

  /** Only a text with a comment has one. */
  handleRowDescription(): void {}

  handleDataRow({ fields }: { fields: DriverRow }): void {
    this.received.push(fields);
    // After a pause begins, the rest of a packet still comes.
    if (!this.isPaused) this.pauseAfterSlice();
  }

  /** Where a slice of the rows ends, lets the event loop run: a runtime may read a whole answer in one turn. */
  pauseAfterSlice(): void {
    const pause = this.endSlice();
    if (!pause) return;
    this.isPaused = true;
    this.stream?.pause?.();
    pause.then(() => this.resume());
  }

  /** Ends the pause, if there is one. */
  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.stream?.resume?.();
  }

  /** Keeps the rows of the last statement only. A text with a comment prepares nothing. */
  handleCommandComplete(_message: object, connection: PgConnection): void {
    const { statements = [] } = this;
    if (++this.ended < statements.length) this.received = [];
    else if (this.text === this.givenText) {
      for (const { name } of statements) if (name) namesOn(connection).add(name);
    }
  }

  handleEmptyQuery(): void {}

  handleError(error: Error, connection: PgConnection): void {
    this.resume();
    // The server may lack them: the session may be another one, behind a pooler.
    for (const { name } of this.statements ?? []) namesOn(connection).delete(name);
    this.callback(error, { rows: [] });
  }

  handleReadyForQuery(): void {
    // The answer to the next query must not wait.
    this.resume();
    this.callback(this.failure, { rows: this.received });
  }
}
