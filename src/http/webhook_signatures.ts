/** Verifies the signatures of webhooks. */

import {
  asInteger,
  asTextOrTexts,
  describeOptions,
  type OptionsDescription,
  readOptions,
} from "../options.ts";
import { fromBase64 } from "./base64.ts";
import { createHmacKey, createTextKey, type HmacKey, verifyAny } from "./hmac.ts";

/** A delivery of a webhook. */
export interface WebhookDelivery {
  /** The headers of the request. */
  readonly headers: Headers;
  /** The body of the request, as it was sent. */
  readonly body: Uint8Array;
}

/** What is known of a delivery that is genuine. */
export interface VerifiedDelivery {
  /**
   * The ID of the delivery, which a redelivery has as well.
   *
   * @default {undefined} every delivery is a new one
   */
  readonly deliveryID?: string | undefined;
}

/** Verifies a delivery. Returns null if it is not genuine. */
export type WebhookVerifier = (
  delivery: WebhookDelivery,
) => VerifiedDelivery | null | Promise<VerifiedDelivery | null>;

/** The secrets of a webhook. */
export interface WebhookSecretOptions {
  /** The secret that signs deliveries; or several, of which each is accepted while one replaces another. */
  secret: string | string[];
}

/** The secrets of a webhook whose signatures have a time. */
export interface TimedWebhookOptions extends WebhookSecretOptions {
  /**
   * How much the time of a signature may differ from the clock of this process, in seconds.
   *
   * @default {300}
   */
  toleranceSeconds?: number;
}

const defaultToleranceSeconds = 300;
// A sender has one for each of its secrets. Somebody else may send any number.
const maxSignatures = 10;

const secretDescription: OptionsDescription<WebhookSecretOptions> = describeOptions<
  WebhookSecretOptions
>({ secret: { required: asTextOrTexts } });

const timedDescription: OptionsDescription<TimedWebhookOptions> = describeOptions<
  TimedWebhookOptions
>({ ...secretDescription.checks, toleranceSeconds: asInteger(0) });

function toKeys(
  call: string,
  { secret }: WebhookSecretOptions,
  toKey: (secret: string) => HmacKey = createTextKey,
): HmacKey[] {
  const secrets = Array.isArray(secret) ? secret : [secret];
  if (secrets.length === 0) throw new RangeError(`Cannot use no secret in ${call}`);
  return secrets.map(toKey);
}

/** Whether a time in seconds since 1970 is now, more or less. */
function isRecent(timestamp: string, toleranceSeconds: number): boolean {
  return /^\d{1,12}$/.test(timestamp) &&
    Math.abs(Date.now() / 1000 - Number(timestamp)) <= toleranceSeconds;
}

/** What is signed: a text in front of a body. */
function join(text: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const prefix = new TextEncoder().encode(text);
  const joined = new Uint8Array(prefix.length + body.length);
  joined.set(prefix);
  joined.set(body, prefix.length);
  return joined;
}

function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const pairs = text.match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}

const hexSignature = /^[\da-f]{64}$/i;

/**
 * Verifies deliveries as [Standard Webhooks](https://www.standardwebhooks.com) says, with symmetric
 * signatures (`v1`). The headers may begin with `svix-` instead of `webhook-`. The delivery's ID is that of
 * the header `webhook-id`.
 *
 * @example
 * ```ts
 * import { standardWebhooks } from "@dbos-community/client/http";
 *
 * const verify = standardWebhooks({ secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" });
 * const headers = new Headers({ "webhook-id": "msg_1" }); // not signed
 * console.log(await verify({ headers, body: new Uint8Array() })); // null
 * ```
 *
 * @param options The secrets, in base64 with or without `whsec_` in front, and the tolerance.
 * @returns The verifier, for {@linkcode enqueueHandler}.
 * @throws {TypeError} If an option is missing, or has the wrong type.
 * @throws {RangeError} If there is no secret, or one is not base64, or the tolerance is negative.
 */
export function standardWebhooks(options: TimedWebhookOptions): WebhookVerifier {
  const call = "standardWebhooks()";
  const read = readOptions(call, timedDescription, options);
  const { toleranceSeconds = defaultToleranceSeconds } = read;
  const keys = toKeys(call, read, (secret) => {
    const bytes = fromBase64(secret.replace(/^whsec_/, ""));
    if (!bytes?.length) {
      throw new RangeError(`Cannot use the given secret of ${call}: it is not base64`);
    }
    return createHmacKey(bytes);
  });
  return async ({ headers, body }) => {
    const prefix = headers.has("webhook-id") ? "webhook" : "svix";
    const [id, timestamp, signatures] = ["id", "timestamp", "signature"]
      .map((name) => headers.get(`${prefix}-${name}`)) as [string?, string?, string?];
    if (!id || !timestamp || !signatures || !isRecent(timestamp, toleranceSeconds)) return null;
    const found = signatures.split(" ").filter((signature) => signature.startsWith("v1,"))
      .slice(0, maxSignatures)
      .map((signature) => fromBase64(signature.slice("v1,".length)) ?? new Uint8Array());
    const isGenuine = await verifyAny(keys, found, join(`${id}.${timestamp}.`, body));
    return isGenuine ? { deliveryID: id } : null;
  };
}

/**
 * Verifies deliveries of [GitHub](https://docs.github.com/en/webhooks), by the header
 * `X-Hub-Signature-256`. The delivery's ID is that of the header `X-GitHub-Delivery`. GitHub does not sign
 * that header, nor a time: whoever has seen a delivery can send it again under another ID.
 *
 * @example
 * ```ts
 * import { githubWebhooks } from "@dbos-community/client/http";
 *
 * const verify = githubWebhooks({ secret: "It's a Secret to Everybody" });
 * const signature = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
 * const headers = new Headers({
 *   "x-hub-signature-256": `sha256=${signature}`,
 *   "x-github-delivery": "72d3162e",
 * });
 * const body = new TextEncoder().encode("Hello, World!");
 * console.log(JSON.stringify(await verify({ headers, body }))); // {"deliveryID":"72d3162e"}
 * ```
 *
 * @param options The secrets.
 * @returns The verifier, for {@linkcode enqueueHandler}.
 * @throws {TypeError} If the secret is missing, or has the wrong type.
 * @throws {RangeError} If there is no secret, or one is empty.
 */
export function githubWebhooks(options: WebhookSecretOptions): WebhookVerifier {
  const call = "githubWebhooks()";
  const keys = toKeys(call, readOptions(call, secretDescription, options));
  return async ({ headers, body }) => {
    const signature = headers.get("x-hub-signature-256")?.replace(/^sha256=/, "") ?? "";
    if (!hexSignature.test(signature)) return null;
    if (!await verifyAny(keys, [fromHex(signature)], join("", body))) return null;
    return { deliveryID: headers.get("x-github-delivery") || undefined };
  };
}

/** The ID in the body of an event of Stripe. */
function readEventID(body: Uint8Array): string | undefined {
  try {
    const { id } = JSON.parse(new TextDecoder().decode(body));
    return typeof id === "string" && id !== "" ? id : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Verifies deliveries of [Stripe](https://docs.stripe.com/webhooks), by the header `Stripe-Signature`.
 * The delivery's ID is that of the event, which is in the body.
 *
 * @example
 * ```ts
 * import { stripeWebhooks } from "@dbos-community/client/http";
 *
 * const verify = stripeWebhooks({ secret: "whsec_test_secret", toleranceSeconds: 60 });
 * const headers = new Headers({ "stripe-signature": "t=1492774577,v1=00" }); // too old
 * console.log(await verify({ headers, body: new Uint8Array() })); // null
 * ```
 *
 * @param options The secrets of the endpoint, and the tolerance.
 * @returns The verifier, for {@linkcode enqueueHandler}.
 * @throws {TypeError} If an option is missing, or has the wrong type.
 * @throws {RangeError} If there is no secret, or one is empty, or the tolerance is negative.
 */
export function stripeWebhooks(options: TimedWebhookOptions): WebhookVerifier {
  const call = "stripeWebhooks()";
  const read = readOptions(call, timedDescription, options);
  const { toleranceSeconds = defaultToleranceSeconds } = read;
  const keys = toKeys(call, read);
  return async ({ headers, body }) => {
    const fields = (headers.get("stripe-signature") ?? "").split(",")
      .map((field) => field.trim().split("=") as [string, string?]);
    const valuesOf = (name: string) =>
      fields.flatMap(([key, value = ""]) => key === name ? [value] : []);
    const [timestamp = ""] = valuesOf("t");
    if (!isRecent(timestamp, toleranceSeconds)) return null;
    const signatures = valuesOf("v1").filter((value) => hexSignature.test(value))
      .slice(0, maxSignatures).map(fromHex);
    const isGenuine = await verifyAny(keys, signatures, join(`${timestamp}.`, body));
    return isGenuine ? { deliveryID: readEventID(body) } : null;
  };
}
