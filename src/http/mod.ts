/**
 * Handlers of HTTP requests, for any server that takes functions from `Request` to `Response`: a
 * workflow shown live, webhooks that enqueue workflows, and signed links that send a message. It uses only
 * standards of the web, and imports no package.
 *
 * @example
 * ```ts
 * import { connect } from "@dbos-community/client";
 * import { workflowEvents } from "@dbos-community/client/http";
 *
 * const client = await connect();
 * const events = workflowEvents(client, { authorize: () => true });
 * const response = await events(new Request("http://localhost/workflows/task-7"));
 * console.log(response.headers.get("content-type")); // text/event-stream
 * await response.body?.cancel();
 * await client.close();
 * ```
 *
 * @module
 */

export type { HandlerOptions, RequestHandler } from "./responses.ts";
export { workflowEvents, type WorkflowEventsOptions } from "./workflow_events.ts";
export { enqueueHandler, type EnqueueHandlerOptions } from "./enqueue_handler.ts";
export {
  githubWebhooks,
  standardWebhooks,
  stripeWebhooks,
  type TimedWebhookOptions,
  type VerifiedDelivery,
  type WebhookDelivery,
  type WebhookSecretOptions,
  type WebhookVerifier,
} from "./webhook_signatures.ts";
export { signalLink, type SignalLinkOptions } from "./signal_link.ts";
export { signalHandler, type SignalHandlerOptions } from "./signal_handler.ts";
export type { SignalPage, SignalState } from "./signal_page.ts";
