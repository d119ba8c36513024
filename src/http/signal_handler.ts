import { type Client, systemDatabaseOf } from "../client/client.ts";
import * as sql from "../../sql/http/mod.ts";
import type { Driver } from "../drivers/driver.ts";
import { NonExistentWorkflowError } from "../errors/managing.ts";
import { send, toMessageID } from "../messages/messages.ts";
import {
  asBoolean,
  asFunction,
  asTextOrTexts,
  describeOptions,
  type OptionsDescription,
  readOptions,
} from "../options.ts";
import { deserializeValueIfKnown } from "../serialization/serialized_value.ts";
import { finalStatuses } from "./final_statuses.ts";
import {
  createHandler,
  createReporter,
  handlerDescription,
  type HandlerOptions,
  refuse,
  type RequestHandler,
} from "./responses.ts";
import { pageStatuses, renderPage as renderDefaultPage, type SignalPage } from "./signal_page.ts";
import { readToken, type Signal, tokenParameter, toSignalKey } from "./signal_token.ts";

/** Which links are valid, and what their pages show. */
export interface SignalHandlerOptions extends HandlerOptions {
  /** The secret of the links; or several, of which each is accepted while one replaces another. */
  secret: string | string[];
  /**
   * Show a page with a button, and send the message when that is pressed. If false, opening the link sends the
   * message: so does whatever opens links in e-mails to scan or preview them.
   *
   * @default {true}
   */
  confirm?: boolean;
  /**
   * Returns the page as HTML. That of the state `confirm` must have a form with the method `post` and no
   * action.
   *
   * @default {undefined} a plain page in English
   */
  renderPage?: (page: SignalPage) => string;
}

const description: OptionsDescription<SignalHandlerOptions> = describeOptions<
  SignalHandlerOptions
>({
  ...handlerDescription.checks,
  secret: { required: asTextOrTexts },
  confirm: asBoolean,
  renderPage: asFunction(),
});

const methods = ["GET", "HEAD", "POST"];

const headers = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  // The link must not be told to other sites, shown in their frames, or found by search engines.
  "referrer-policy": "no-referrer",
  "x-robots-tag": "noindex",
  "x-content-type-options": "nosniff",
};

const framePolicy = "frame-ancestors 'none'";
const pagePolicy =
  `default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; ${framePolicy}`;

/** Formats a value as JSON, with sorted keys, which another program or a serializer may order otherwise. */
function toSortedJSON(value: unknown): string | undefined {
  const sortKeys = (_key: string, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => a < b ? -1 : 1));
  };
  try {
    return JSON.stringify(value, sortKeys);
  } catch {
    // It has no JSON, so no link has sent it.
    return undefined;
  }
}

/**
 * Makes a handler of HTTP requests for the links of {@linkcode signalLink}. It shows a page that asks for
 * confirmation, and sends the message of the link when that is given.
 *
 * However often a link is used, its message is delivered once. Of several links with one decision, the one
 * that is used first counts; the pages of the others say so.
 *
 * The page has the status 200 when it asks, and when the message is sent; 403 if the link is not signed with
 * a secret, 404 if there is no such workflow, 409 if another link of the decision was used before, 410 if the
 * link has expired or the workflow has ended before it was used, and 500 on any other error. Other methods
 * than GET, HEAD and POST get 405.
 *
 * @example
 * ```ts
 * import { connect } from "@dbos-community/client";
 * import { signalHandler, signalLink } from "@dbos-community/client/http";
 *
 * const client = await connect();
 * const secret = "a secret of 16 characters or more";
 * const handler = signalHandler(client, { secret });
 * const url = "http://localhost/signals";
 * const link = await signalLink({ url, secret, workflowID: "task-7", message: "approved" });
 * const response = await handler(new Request(link, { method: "POST" }));
 * console.log(response.status); // 410
 * await client.close();
 * ```
 *
 * @param client A client, or a driver's pool or connection.
 * @param options Which links are valid, and what their pages show.
 * @returns The handler.
 * @throws {TypeError} If an option is missing, or has the wrong type.
 * @throws {RangeError} If there is no secret, or one is too short.
 */
export function signalHandler(
  client: Client | Driver,
  options: SignalHandlerOptions,
): RequestHandler {
  const database = systemDatabaseOf(client);
  const read = readOptions("signalHandler()", description, options);
  const { confirm = true, renderPage } = read;
  const secrets = Array.isArray(read.secret) ? read.secret : [read.secret];
  if (secrets.length === 0) throw new RangeError("Cannot use no secret in signalHandler()");
  const keys = secrets.map((secret) => toSignalKey("signalHandler()", secret));
  const report = createReporter(read);

  /** What became of the signal so far: `confirm` if it can be sent. */
  async function findState(
    { workflowID, idempotencyKey, message }: Signal,
  ): Promise<SignalPage["state"]> {
    const [found] = await database.run(sql.findSignal, {
      message_id: toMessageID(idempotencyKey, workflowID),
      workflow_id: workflowID,
    });
    if (!found) return "missing";
    if (found.message === null) return finalStatuses.includes(found.status!) ? "ended" : "confirm";
    const { serializer } = database.settings;
    const sent = await deserializeValueIfKnown(found.message, found.serialization, serializer);
    return toSortedJSON(sent) === toSortedJSON(message) ? "sent" : "answered";
  }

  /** Sends the signal, unless it was sent before or cannot be. */
  async function deliver(signal: Signal): Promise<SignalPage["state"]> {
    const { workflowID, topic, message, idempotencyKey } = signal;
    const before = await findState(signal);
    if (before !== "confirm") return before;
    try {
      await send(client, workflowID, message, {
        idempotencyKey,
        ...topic !== undefined && { topic },
      });
    } catch (error) {
      if (error instanceof NonExistentWorkflowError) return "missing";
      throw error;
    }
    // Another link of the decision may have been faster. Workers of early releases delete what they receive.
    return await findState(signal) === "answered" ? "answered" : "sent";
  }

  async function toPage(request: Request): Promise<SignalPage> {
    let page: Partial<SignalPage> = {};
    try {
      const token = new URL(request.url).searchParams.get(tokenParameter) ?? "";
      const signal = await readToken(keys, token);
      if (!signal) return { state: "invalid" };
      const { label, workflowID } = signal;
      page = { label, workflowID };
      if (Date.now() >= signal.expiresAtEpochMS) {
        const state = await findState(signal);
        const isAnswered = state === "sent" || state === "answered";
        return { ...page, state: isAnswered ? state : "expired" };
      }
      const sends = request.method === "POST" || (request.method === "GET" && !confirm);
      return { ...page, state: await (sends ? deliver(signal) : findState(signal)) };
    } catch (error) {
      report(error);
      return { ...page, state: "failed" };
    }
  }

  return createHandler(report, async (request) => {
    if (!methods.includes(request.method)) {
      return refuse(405, `Only ${methods.join(", ")} are allowed`, { allow: methods.join(", ") });
    }
    const page = await toPage(request);
    const html = renderPage ? renderPage(page) : renderDefaultPage(page);
    const policy = { "content-security-policy": renderPage ? framePolicy : pagePolicy };
    return new Response(request.method === "HEAD" ? null : html, {
      status: pageStatuses[page.state],
      headers: { ...headers, ...policy },
    });
  });
}
