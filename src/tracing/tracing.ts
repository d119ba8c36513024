/** What a client with the option `tracing` has besides. The spans are loaded by its first call. */

import { onDemand } from "../on_demand.ts";
import type { CallDetails, TracedCall, WorkflowAttributes } from "./traced_call.ts";

/** Traces the calls of a client. */
export interface Tracing {
  /** A client of the same system database. Its calls get no spans: they are parts of calls that have one. */
  readonly untraced: object;
  /** Runs a call in a span. The details of its result are added to those of the call. */
  run<Result>(
    call: TracedCall,
    run: () => Promise<Result>,
    detailsOf?: (result: Result) => CallDetails,
  ): Promise<Result>;
  /** The attributes of a workflow with the trace context, if there is one. */
  withContext(attributes: WorkflowAttributes | undefined): WorkflowAttributes | undefined;
}

async function load(): Promise<typeof import("./spans.ts")> {
  try {
    return await import("./spans.ts");
  } catch (cause) {
    throw new TypeError(
      "Cannot trace calls: the package @opentelemetry/api cannot be loaded. Install it, with " +
        "`npm install @opentelemetry/api` or the like, or leave out the option tracing",
      { cause },
    );
  }
}

/** Makes what traces the calls of one client. */
export function createTracing(): Tracing {
  // Most programs trace nothing. With npm:@opentelemetry/api this is 4 KB gzipped.
  const loadSpans = onDemand(load);
  return {
    untraced: {},
    async run(call, run, detailsOf) {
      const loading = loadSpans();
      // Only awaited if necessary, so that calls made in the same tick reach the batcher in order.
      const { runInSpan } = loading instanceof Promise ? await loading : loading;
      return await runInSpan(call, run, detailsOf);
    },
    withContext(attributes) {
      const spans = loadSpans();
      // Only run() makes calls that ask for this, and it has loaded them.
      return spans instanceof Promise ? attributes : spans.withContext(attributes);
    },
  };
}
