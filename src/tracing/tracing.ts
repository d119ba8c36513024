import { onDemand } from "../promises.ts";
import type { loadSpans } from "./load_spans.ts";

type Spans = Awaited<ReturnType<typeof loadSpans>>;

/** What traces the calls of a client with the option `tracing`. */
export interface Tracing {
  /**
   * A client of the same system database, whose calls get no spans. A call that has got its span makes
   * the same call again with this client.
   */
  readonly untraced: object;
  /** Loads what makes spans. Returns a promise only until it is loaded. */
  load(): Spans | Promise<Spans>;
}

/** Makes what traces the calls of one client. */
export function createTracing(): Tracing {
  // Most programs trace nothing. With npm:@opentelemetry/api this is 4 KB gzipped.
  const load = onDemand(async () => (await import("./load_spans.ts")).loadSpans());
  return { untraced: {}, load };
}
