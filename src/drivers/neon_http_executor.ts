import type { Attempt, DriverRow, Executor, Query } from "./adapter.ts";
import { asTexts } from "./pg_executor.ts";
import { inlineValues } from "./quoting.ts";

interface RequestOptions {
  readonly fetchOptions: { readonly signal: AbortSignal };
}

/** What the user has set for all statements does not apply. */
interface QueryOptions extends Partial<RequestOptions>, Pick<typeof asTexts, "types"> {
  readonly arrayMode: true;
  readonly fullResults: false;
}

type RunQuery = (
  text: string,
  values: readonly unknown[],
  options: QueryOptions,
) => PromiseLike<DriverRow[]>;

/** What `neon()` returns. Before release 1.0 it ran a statement itself. */
interface Neon extends RunQuery {
  readonly query?: RunQuery;
  /** Sends statements in one request, which is one transaction. */
  transaction(
    queries: readonly PromiseLike<DriverRow[]>[],
    options: RequestOptions,
  ): Promise<DriverRow[][]>;
}

interface NeonError extends Error {
  readonly sourceError?: unknown;
}

// Neon's proxy, or one before it, is overloaded, restarts, or does not reach the database.
const unavailable = /^Server error \(HTTP status (408|429|500|502|503|504)\)/;
// Its words for a connection to the database that it has lost. They come without an SQLSTATE.
const lostByProxy =
  /^(connection closed|error communicating with the server|error connecting to server)/;

// The cause is different in each runtime.
const failedRequest = /^(Error connecting to database: |Cannot complete the request: )/;
// Deno's errors of a program that may not connect, nor may it later.
const notPermitted = /^(NotCapable|PermissionDenied)$/;

/** Whether an error means that the request has failed, or that Neon's proxy lost the database. */
function isLostConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { message, cause } = error;
  if (failedRequest.test(message)) {
    return !(cause instanceof Error && notPermitted.test(cause.name));
  }
  return unavailable.test(message) || lostByProxy.test(message);
}

const urls = /(?<=connection string: )[^]*|[a-z][a-z0-9+.-]*:\/\/[^\s"')]*/gi;

/** Removes URLs from the message of an error: that of the database may have a password. */
function hideUrls(error: Error): void {
  const { message, stack } = error;
  const safe = message.replace(urls, "…");
  if (safe === message) return;
  error.message = safe;
  // It begins with the message.
  if (stack) error.stack = stack.replace(message, () => safe);
}

/** The error of a request, with that of `fetch()` as its cause, and without URLs. */
function toRequestError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, sourceError } = error as NeonError;
  if (sourceError) {
    Object.defineProperty(error, "cause", { value: sourceError, configurable: true });
  }
  const visited = new Set<unknown>();
  for (let each: unknown = error; each instanceof Error && !visited.has(each); each = each.cause) {
    visited.add(each);
    hideUrls(each);
  }
  // Neon's driver passes on what happens while it reads an answer.
  return name === "NeonDbError"
    ? error
    : new Error(`Cannot complete the request: ${error.message}`, { cause: error });
}

/** The executor of `neon()`: one HTTP request for each message. It cannot listen. */
export function createNeonHttpExecutor(driver: object): Executor {
  const neon = driver as Neon;
  const runQuery = neon.query ?? neon;

  function start(text: string, values: Query["values"], options: Partial<RequestOptions>) {
    const { types } = asTexts;
    return runQuery(text, values, { ...options, types, arrayMode: true, fullResults: false });
  }

  async function send<Result>(
    attempt: Attempt,
    request: (options: RequestOptions) => PromiseLike<Result>,
  ): Promise<Result> {
    const controller = new AbortController();
    attempt.discardConnection = () => controller.abort();
    try {
      return await request({ fetchOptions: { signal: controller.signal } });
    } catch (error) {
      throw toRequestError(error);
    }
  }

  return {
    query: ({ text, values }, attempt) => send(attempt, (options) => start(text, values, options)),
    async queryInOneMessage(queries, attempt) {
      // `set local` takes no parameters.
      const statements = queries.map((query) => start(inlineValues(query), [], {}));
      const results = await send(attempt, (options) => neon.transaction(statements, options));
      return results.at(-1)!;
    },
    isLostConnection,
  };
}
