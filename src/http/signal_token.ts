/** The part of a signal link that is signed: what to send to which workflow, and until when. */

import { fromBase64url, toBase64url } from "./base64.ts";
import { createTextKey, type HmacKey, verifyAny } from "./hmac.ts";

/** What a link sends. */
export interface Signal {
  readonly workflowID: string;
  readonly topic?: string | undefined;
  readonly message: unknown;
  /** What the page of the link calls it. */
  readonly label?: string | undefined;
  /** Of all signals with the same key to one workflow, only one is delivered. */
  readonly idempotencyKey: string;
  readonly expiresAtEpochMS: number;
}

/** The name of the query parameter that has the token. */
export const tokenParameter = "signal";

const minSecretLength = 16;

/** Makes a key of a secret, which must not be one that can be guessed. */
export function toSignalKey(call: string, secret: string): HmacKey {
  if (secret.length < minSecretLength) {
    throw new RangeError(
      `Cannot use the given secret of ${call}: it has fewer than ${minSecretLength} characters`,
    );
  }
  return createTextKey(secret);
}

/** What is signed. It begins with a purpose, so that nothing else signed with the secret is a token. */
function toSignedBytes(payload: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`dbos-signal-link.${payload}`);
}

/** Makes the token of a link. Whoever has it can read what it sends. */
export async function writeToken(key: HmacKey, signal: Signal): Promise<string> {
  const payload = toBase64url(new TextEncoder().encode(JSON.stringify(signal)));
  return `${payload}.${toBase64url(await key.sign(toSignedBytes(payload)))}`;
}

/** Reads a token; undefined if none of the keys has signed it. */
export async function readToken(
  keys: readonly HmacKey[],
  token: string,
): Promise<Signal | undefined> {
  const [payload = "", signature = "", ...others] = token.split(".");
  const [bytes, signatureBytes] = [fromBase64url(payload), fromBase64url(signature)];
  if (!bytes || !signatureBytes || others.length > 0) return undefined;
  if (!await verifyAny(keys, [signatureBytes], toSignedBytes(payload))) return undefined;
  return JSON.parse(new TextDecoder().decode(bytes));
}
