/** Signs with HMAC-SHA256, and verifies in constant time. */

type Bytes = Uint8Array<ArrayBuffer>;

const algorithm = { name: "HMAC", hash: "SHA-256" };

/** Signs with a secret, and verifies what was signed with it. */
export interface HmacKey {
  sign(data: Bytes): Promise<Bytes>;
  verify(signature: Bytes, data: Bytes): Promise<boolean>;
}

/** Makes a key of a secret. It is imported when it is first used. */
export function createHmacKey(secret: Bytes): HmacKey {
  let imported: Promise<CryptoKey> | undefined;
  const load = () =>
    imported ??= crypto.subtle.importKey("raw", secret, algorithm, false, ["sign", "verify"]);
  return {
    async sign(data) {
      return new Uint8Array(await crypto.subtle.sign(algorithm, await load(), data));
    },
    async verify(signature, data) {
      return await crypto.subtle.verify(algorithm, await load(), signature, data);
    },
  };
}

/** Makes a key of a text. */
export function createTextKey(secret: string): HmacKey {
  return createHmacKey(new TextEncoder().encode(secret));
}

/** Whether one of several signatures is that of one of several keys. */
export async function verifyAny(
  keys: readonly HmacKey[],
  signatures: readonly Bytes[],
  data: Bytes,
): Promise<boolean> {
  for (const key of keys) {
    for (const signature of signatures) if (await key.verify(signature, data)) return true;
  }
  return false;
}
