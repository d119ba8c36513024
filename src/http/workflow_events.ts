import { type Client, systemDatabaseOf } from "../client/client.ts";
import type { Driver } from "../drivers/driver.ts";
import {
  asBoolean,
  asFunction,
  asInteger,
  asNumber,
  asTexts,
  describeOptions,
  type OptionsDescription,
  readOptions,
} from "../options.ts";
import { maxTimerMs } from "../event_loop.ts";
import { checkText } from "../validate.ts";
import { createEventStream } from "./event_stream.ts";
import { parsePosition } from "./position.ts";
import {
  createHandler,
  createReporter,
  handlerDescription,
  type HandlerOptions,
  refuse,
  type RequestHandler,
} from "./responses.ts";
import { findStatus, moveToEnds, readWorkflow, type WorkflowSource } from "./workflow_source.ts";

/** Who may read which workflow, and what of it. */
export interface WorkflowEventsOptions extends HandlerOptions {
  /**
   * Says whether the sender of a request may read a workflow. It is asked before the workflow is looked up;
   * unless it returns true, the response is 403, whether or not there is such a workflow.
   */
  authorize: (request: Request, workflowID: string) => boolean | Promise<boolean>;
  /**
   * Finds the ID of the workflow in a request.
   *
   * @default {undefined} the last segment of the path
   */
  toWorkflowID?: (request: Request) => string | undefined;
  /**
   * Send the status of the workflow, and each change.
   *
   * @default {true}
   */
  status?: boolean;
  /**
   * Send the events of the workflow: all of them, or those with these keys.
   *
   * @default {true}
   */
  events?: boolean | string[];
  /**
   * Send the values of the streams with these keys.
   *
   * @default {[]}
   */
  streams?: string[];
  /**
   * Start at the end of the streams: send only values that are written later. The current status and the
   * current value of each event are sent anyway.
   *
   * @default {false}
   */
  fromEnd?: boolean;
  /**
   * Send the output of the workflow, or the name and the message of its error, with the last message.
   *
   * @default {false}
   */
  result?: boolean;
  /**
   * The time without a message after which a comment is sent, in seconds, so that proxies and servers keep the
   * connection, and one that is lost is noticed. `Bun.serve()` closes a connection after 10 s.
   *
   * @default {8}
   */
  heartbeatSeconds?: number;
  /**
   * How long a browser waits before it reconnects, in milliseconds.
   *
   * @default {1000}
   */
  retryMs?: number;
  /**
   * The maximum time between two polls of the database, in milliseconds.
   *
   * @default {1000} or the `pollingIntervalMs` of the client
   */
  pollingIntervalMs?: number;
}

const description: OptionsDescription<WorkflowEventsOptions> = describeOptions<
  WorkflowEventsOptions
>({
  ...handlerDescription.checks,
  authorize: { required: asFunction() },
  toWorkflowID: asFunction(),
  status: asBoolean,
  events: (what, value) => Array.isArray(value) ? asTexts(what, value) : asBoolean(what, value),
  streams: asTexts,
  fromEnd: asBoolean,
  result: asBoolean,
  heartbeatSeconds: asNumber(0.001, maxTimerMs / 1000),
  retryMs: asInteger(0, maxTimerMs),
  pollingIntervalMs: asInteger(1, maxTimerMs),
});

const headers = {
  "content-type": "text/event-stream",
  // A proxy that transforms or buffers would hold messages back.
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
};

/** The last segment of the path of a request; undefined if it cannot be decoded. */
function lastSegment({ url }: Request): string | undefined {
  try {
    return decodeURIComponent(new URL(url).pathname.split("/").at(-1)!);
  } catch {
    return undefined;
  }
}

/** Whether a workflow may have the ID: some texts cannot be stored. */
function isPossibleID(workflowID: string | undefined): workflowID is string {
  try {
    checkText("workflowID", workflowID);
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes a handler of HTTP requests that shows a workflow live, as server-sent events: its status, its events
 * and its streams, until it has ended.
 *
 * The data of each message is JSON:
 *
 * - `status`: `{ "status": "PENDING" }`
 * - `event`: `{ "key": "progress", "value": 50 }`
 * - `stream`: `{ "key": "log", "offset": 0, "value": "started" }`
 * - `end`: `{ "status": "SUCCESS" }`, after everything else, also if the workflow was deleted, with the
 *   status null. Then the response ends; call `close()` of the `EventSource`.
 *
 * When the connection is lost, an `EventSource` reconnects and sends the ID of the last message, which says
 * where each source stands: so no value of a stream is missing or repeated, and of a status or an event
 * only what has changed is sent. A reader that reconnects after the end gets 204, which stops an
 * `EventSource`.
 *
 * Other responses are 403 if `authorize` does not return true, 404 if there is no such workflow, 405
 * if the method is not GET, and 500 if `authorize` fails. If the database cannot be reached, or a workflow
 * that was cancelled is resumed meanwhile, the response ends without an `end`, so that the reader
 * reconnects.
 *
 * @example
 * ```ts
 * import { connect } from "@dbos-community/client";
 * import { workflowEvents } from "@dbos-community/client/http";
 *
 * const client = await connect();
 * const handler = workflowEvents(client, {
 *   authorize: (request) => request.headers.get("authorization") === "Bearer s3cret",
 *   streams: ["log"],
 * });
 * const headers = { authorization: "Bearer s3cret" };
 * const response = await handler(new Request("http://localhost/workflows/task-7", { headers }));
 * console.log(await response.text());
 * await client.close();
 * ```
 *
 * @param client A client, or a driver's pool or connection. It must stay open while responses are read.
 * @param options Who may read which workflow, and what of it.
 * @returns The handler.
 * @throws {TypeError} If an option is missing, or has the wrong type.
 * @throws {RangeError} If an option is empty or out of range.
 */
export function workflowEvents(
  client: Client | Driver,
  options: WorkflowEventsOptions,
): RequestHandler {
  const database = systemDatabaseOf(client);
  const read = readOptions("workflowEvents()", description, options);
  const {
    authorize,
    toWorkflowID = lastSegment,
    status: showStatus = true,
    events = true,
    streams: givenStreams = [],
    fromEnd = false,
    result: showResult = false,
    heartbeatSeconds = 8,
    retryMs = 1000,
    pollingIntervalMs,
  } = read;
  const streams = [...new Set(givenStreams)];
  const report = createReporter(read);

  async function handle(request: Request): Promise<Response> {
    if (request.method !== "GET") return refuse(405, "Only GET is allowed", { allow: "GET" });
    const workflowID = toWorkflowID(request);
    if (!isPossibleID(workflowID)) return refuse(404, "No such workflow");
    if (await authorize(request, workflowID) !== true) return refuse(403, "Forbidden");
    const lastEventID = request.headers.get("last-event-id");
    const position = await parsePosition(lastEventID, workflowID, streams);
    if (position.isOver) return new Response(null, { status: 204 });

    const stop = new AbortController();
    const wait = { signal: stop.signal, ...pollingIntervalMs && { pollingIntervalMs } };
    const source: WorkflowSource = {
      client,
      database,
      workflowID,
      position,
      showStatus,
      events,
      streams,
      showResult,
      wait,
    };
    try {
      const status = await findStatus(database, workflowID);
      if (status === null) return refuse(404, "No such workflow");
      if (fromEnd) await moveToEnds(source);
      const messages = readWorkflow(source, status, retryMs);
      const body = createEventStream(messages, {
        heartbeatMs: heartbeatSeconds * 1000,
        stop,
        onError: report,
      });
      return new Response(body, { headers });
    } catch (error) {
      report(error);
      // With an error status, an EventSource would not reconnect.
      return new Response(`retry: ${retryMs}\n\n`, { headers });
    }
  }

  return createHandler(report, handle);
}
