/** Responses of handlers, and what they report instead of showing it. */

import { asFunction, describeOptions, type OptionsDescription } from "../options.ts";

/** Handles an HTTP request, as `Deno.serve()`, `Bun.serve()`, Hono and others call it. */
export type RequestHandler = (request: Request) => Promise<Response>;

/** An option that every handler has. */
export interface HandlerOptions {
  /**
   * Called with each error of which the response tells nothing, such as a lost connection to the
   * database.
   *
   * @default {console.error}
   */
  onError?: (error: unknown) => void;
}

/** The options of a handler that has no others. */
export const handlerDescription: OptionsDescription<HandlerOptions> = describeOptions<
  HandlerOptions
>({ onError: asFunction() });

/** Reports errors to the user's own function, or else to the console. */
export function createReporter({ onError = console.error }: HandlerOptions): typeof onError {
  // An async function has the type of one that returns nothing.
  const report = async (error: unknown) => await onError(error);
  return (error) => {
    // A report that fails must not fail the request as well, and not the process.
    report(error).catch(() => {});
  };
}

/** A handler that answers 500 when `handle` fails, and reports why. */
export function createHandler(
  report: (error: unknown) => void,
  handle: RequestHandler,
): RequestHandler {
  return async (request) => {
    try {
      return await handle(request);
    } catch (error) {
      report(error);
      return refuse(500, "Internal error");
    }
  };
}

/** A response that says why a request is refused. No cache may keep it. */
export function refuse(
  status: number,
  error: string,
  headers: Record<string, string> = {},
): Response {
  return Response.json({ error }, { status, headers: { "cache-control": "no-store", ...headers } });
}
