import { type Client, systemDatabaseOf } from "../client/client.ts";
import type { Driver } from "../drivers/driver.ts";
import { HiddenRowError } from "../errors/database.ts";
import {
  ConflictingWorkflowError,
  QueueDuplicatedError,
  WorkflowIDInUseError,
} from "../errors/enqueuing.ts";
import {
  asFunction,
  asInteger,
  asNumber,
  asText,
  describeOptions,
  type OptionsDescription,
  readOptions,
} from "../options.ts";
import { maxTimerMs } from "../event_loop.ts";
import { enqueue } from "../workflows/enqueue.ts";
import type { EnqueueJob } from "../workflows/enqueue_many.ts";
import type { WorkflowArg } from "../workflows/workflow_function.ts";
import { readBody } from "./request_body.ts";
import {
  createHandler,
  createReporter,
  handlerDescription,
  type HandlerOptions,
  refuse,
  type RequestHandler,
} from "./responses.ts";
import type { VerifiedDelivery, WebhookVerifier } from "./webhook_signatures.ts";

/** Which deliveries to accept, and what to enqueue for them. */
export interface EnqueueHandlerOptions<Payload = unknown> extends HandlerOptions {
  /** Verifies a delivery. What it does not accept gets 401. */
  verify: WebhookVerifier;
  /**
   * Returns what to enqueue for a delivery, or null for one that needs nothing, which gets 204. A payload for
   * which it throws gets 422. `workflowID` of the job, if there is one, takes the place of the delivery's ID.
   * The payload is the JSON of the body, whose type is not checked; the body of the request has been read.
   */
  toJob: (payload: Payload, request: Request) => EnqueueJob | null | Promise<EnqueueJob | null>;
  /**
   * What the workflow ID has before the delivery's ID. Use one for each webhook, so that IDs of one cannot be
   * those of another.
   *
   * @default {undefined} the workflow ID is the delivery's ID
   */
  workflowIDPrefix?: string;
  /**
   * The maximum size of a body, in bytes.
   *
   * @default {1048576}
   */
  maxBodyBytes?: number;
  /**
   * How long to wait for a body, in seconds. Not all servers limit that, and a sender who is not known yet could
   * keep any number of requests open.
   *
   * @default {30}
   */
  bodyTimeoutSeconds?: number;
  /**
   * Returns the URL where the caller finds the workflow, for the header `Location`.
   *
   * @default {undefined} `/workflows/` and the workflow ID
   */
  toLocation?: (workflowID: string) => string;
}

const description: OptionsDescription<EnqueueHandlerOptions> = describeOptions<
  EnqueueHandlerOptions
>({
  ...handlerDescription.checks,
  verify: { required: asFunction() },
  toJob: { required: asFunction() },
  workflowIDPrefix: asText,
  maxBodyBytes: asInteger(1),
  bodyTimeoutSeconds: asNumber(0.001, maxTimerMs / 1000),
  toLocation: asFunction(),
});

const conflicts = [
  ConflictingWorkflowError,
  WorkflowIDInUseError,
  QueueDuplicatedError,
  HiddenRowError,
];

function defaultLocation(workflowID: string): string {
  return `/workflows/${encodeURIComponent(workflowID)}`;
}

/** Parses a body; undefined if it is not JSON in UTF-8. */
function parseJSON(body: Uint8Array): { readonly payload: unknown } | undefined {
  try {
    return { payload: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) };
  } catch {
    return undefined;
  }
}

/**
 * Makes a handler of HTTP requests that enqueues a workflow for each delivery of a webhook. The delivery's ID
 * becomes the workflow ID, so that a redelivery finds the workflow, and nothing runs twice.
 *
 * The response is 202 with the header `Location` and `{ "workflowID": "…" }`, also for a redelivery.
 *
 * Other responses are 204 if there is nothing to do, 400 if the body cannot be received, 401 if the
 * delivery is not genuine, 405 if the method is not POST, 408 if the body takes too long, 409 if the workflow
 * ID or the deduplication ID is in use by another workflow, 413 if the body is too large, 422 if it is not
 * JSON or `toJob` throws, and 500 on any other error. Errors are passed to `onError`, and not shown.
 *
 * @example
 * ```ts
 * import { connect } from "@dbos-community/client";
 * import { enqueueHandler, githubWebhooks } from "@dbos-community/client/http";
 *
 * const client = await connect();
 * const handler = enqueueHandler<{ issue: { number: number } }>(client, {
 *   verify: githubWebhooks({ secret: "s3cret" }),
 *   workflowIDPrefix: "github-",
 *   toJob: ({ issue }) => ({
 *     workflowName: "processTask",
 *     queueName: "tasks",
 *     args: [{ id: issue.number }],
 *   }),
 * });
 * const response = await handler(new Request("http://localhost/", { method: "POST", body: "{}" }));
 * console.log(response.status); // 401
 * await client.close();
 * ```
 *
 * @typeParam Payload The type of the JSON in the body, which is not checked.
 * @param client A client, or a driver's pool or connection.
 * @param options Which deliveries to accept, and what to enqueue for them.
 * @returns The handler.
 * @throws {TypeError} If an option is missing, or has the wrong type.
 * @throws {RangeError} If an option is empty or out of range.
 */
export function enqueueHandler<Payload = unknown>(
  client: Client | Driver,
  options: EnqueueHandlerOptions<Payload>,
): RequestHandler {
  systemDatabaseOf(client);
  const read = readOptions("enqueueHandler()", description, options as EnqueueHandlerOptions);
  const { verify, toJob, toLocation = defaultLocation } = read;
  const { workflowIDPrefix = "", maxBodyBytes = 1_048_576, bodyTimeoutSeconds = 30 } = read;
  const limits = { maxBytes: maxBodyBytes, timeoutMs: bodyTimeoutSeconds * 1000 };
  const report = createReporter(read);

  async function enqueueJob(job: EnqueueJob, { deliveryID }: VerifiedDelivery): Promise<Response> {
    const { args = [], ...enqueueOptions } = job;
    // An empty ID would be that of all deliveries.
    if (deliveryID) enqueueOptions.workflowID ??= workflowIDPrefix + deliveryID;
    try {
      const { workflowID } = await enqueue(client, enqueueOptions, ...args as WorkflowArg[]);
      const headers = { "cache-control": "no-store", location: toLocation(workflowID) };
      return Response.json({ workflowID }, { status: 202, headers });
    } catch (error) {
      if (!conflicts.some((conflict) => error instanceof conflict)) throw error;
      report(error);
      return refuse(409, "The ID is in use by another workflow");
    }
  }

  async function handle(request: Request): Promise<Response> {
    if (request.method !== "POST") return refuse(405, "Only POST is allowed", { allow: "POST" });
    if (request.bodyUsed) {
      throw new TypeError(
        "Cannot read the body of the request: it was read before; pass the request on as it came",
      );
    }
    let body: Awaited<ReturnType<typeof readBody>>;
    try {
      body = await readBody(request, limits);
    } catch (error) {
      report(error);
      return refuse(400, "The body was not received");
    }
    if (body === "too large") return refuse(413, `The body may have ${maxBodyBytes} bytes`);
    if (body === "too slow") return refuse(408, `The body may take ${bodyTimeoutSeconds} seconds`);
    const verified = await verify({ headers: request.headers, body });
    if (!verified) return refuse(401, "The signature is missing, invalid or too old");
    const parsed = parseJSON(body);
    if (!parsed) return refuse(422, "The body is not JSON");
    let job: EnqueueJob | null;
    try {
      job = await toJob(parsed.payload, request);
    } catch (error) {
      report(error);
      return refuse(422, "The payload cannot be processed");
    }
    return job === null ? new Response(null, { status: 204 }) : await enqueueJob(job, verified);
  }

  return createHandler(report, handle);
}
