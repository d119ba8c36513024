import {
  asAnything,
  asNumber,
  asText,
  type Check,
  describeOptions,
  type OptionsDescription,
  readOptions,
} from "../options.ts";
import { checkIndexed, refuseType } from "../validate.ts";
import { toBase64url } from "./base64.ts";
import { tokenParameter, toSignalKey, writeToken } from "./signal_token.ts";

/** What a link sends, where it leads to, and until when it is valid. */
export interface SignalLinkOptions {
  /** The URL of the {@linkcode signalHandler}. The link adds the query parameter `signal` to it. */
  url: string | URL;
  /** The secret that signs the link, of at least 16 characters, which the handler has as well. */
  secret: string;
  /** The ID of the workflow to send the message to. */
  workflowID: string;
  /**
   * The message, which must be JSON; undefined is sent as null. Whoever has the link can read it. Mail programs
   * may cut links of more than 2000 characters.
   */
  message: unknown;
  /**
   * The topic on which the workflow receives the message.
   *
   * @default {undefined} the workflow receives it without a topic
   */
  topic?: string;
  /**
   * What the page of the link says that is confirmed, such as `Approve order 7`.
   *
   * @default {undefined} "Confirm"
   */
  label?: string;
  /**
   * The decision of which the link is one answer. Of all links with the same decision for one workflow only
   * one message is delivered, that of the link that is used first. It is the idempotency key of the message, so
   * `send()` can give the answer as well.
   *
   * @default {undefined} the link has no alternatives
   */
  decisionID?: string;
  /**
   * How long the link is valid, in seconds.
   *
   * @default {604800} a week
   */
  expiresInSeconds?: number;
}

const weekSeconds = 604_800;

const asURL: Check<string | URL> = (what, value) => {
  const text = value instanceof URL ? value.href : asText(what, value);
  if (!URL.canParse(text)) {
    throw new RangeError(`Cannot use the given ${what}: it is no absolute URL`);
  }
  return text;
};

const description: OptionsDescription<SignalLinkOptions> = describeOptions<SignalLinkOptions>({
  url: { required: asURL },
  secret: { required: asText },
  workflowID: { required: asText },
  message: { required: asAnything },
  topic: asText,
  label: asText,
  decisionID: asText,
  expiresInSeconds: asNumber(0.001, Number.MAX_SAFE_INTEGER / 1_000_000),
});

/** A key that only links with the same contents have. */
async function toKey(contents: unknown): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(contents));
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return `signal-${toBase64url(new Uint8Array(digest))}`;
}

/**
 * Makes a signed link that sends one message to a workflow, for an e-mail or a chat: approve or reject. A
 * {@linkcode signalHandler} answers it. However often the link is used, its message is delivered once.
 *
 * The link needs no login: whoever has it can use it until it expires, and can read the message in it.
 *
 * @example
 * ```ts
 * import { signalLink } from "@dbos-community/client/http";
 *
 * const decision = {
 *   url: "https://shop.example/signals",
 *   secret: "a secret of 16 characters or more",
 *   workflowID: "review-7",
 *   topic: "approval",
 *   decisionID: "approval-7",
 * };
 * const links = await Promise.all([
 *   signalLink({ ...decision, message: { approved: true }, label: "Approve task 7" }),
 *   signalLink({ ...decision, message: { approved: false }, label: "Reject task 7" }),
 * ]);
 * console.log(links.every((link) => link.startsWith("https://shop.example/signals?signal="))); // true
 * ```
 *
 * @param options What the link sends, where it leads to, and until when it is valid.
 * @returns The link.
 * @throws {TypeError} If an option is missing or has the wrong type, or the message is not JSON.
 * @throws {RangeError} If an option is empty or out of range, or the secret is too short.
 */
export async function signalLink(options: SignalLinkOptions): Promise<string> {
  const read = readOptions("signalLink()", description, options);
  const { workflowID, topic, message = null, label, decisionID } = read;
  const key = toSignalKey("signalLink()", read.secret);
  if (JSON.stringify(message) === undefined) {
    refuseType("message of signalLink()", message, "a value that JSON has");
  }
  checkIndexed({ workflowID, topic }, "signalLink()");
  checkIndexed({ workflowID, decisionID }, "signalLink()");
  const expiresAtEpochMS = Math.floor(
    Date.now() + (read.expiresInSeconds ?? weekSeconds) * 1000,
  );
  const contents = { workflowID, topic, message, label, expiresAtEpochMS };
  const idempotencyKey = decisionID ?? await toKey(contents);
  const url = new URL(read.url);
  url.searchParams.set(tokenParameter, await writeToken(key, { ...contents, idempotencyKey }));
  return url.href;
}
