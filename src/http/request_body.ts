/** Reads the body of a request. */

/** How much to read of a body, and how long to wait for it. */
export interface BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** Reads a body to its end; undefined if it is too large. Then it is cancelled. */
async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  // The parts are copied at once: a sender may make them so small that their objects need much more memory.
  let bytes = new Uint8Array(Math.min(maxBytes, 1024));
  let length = 0;
  while (true) {
    const { done, value: part } = await reader.read();
    if (done) return bytes.slice(0, length);
    const end = length + part.length;
    if (end > maxBytes) {
      reader.cancel().catch(() => {});
      return undefined;
    }
    if (end > bytes.length) {
      const larger = new Uint8Array(Math.min(maxBytes, Math.max(end, 2 * bytes.length)));
      larger.set(bytes.subarray(0, length));
      bytes = larger;
    }
    bytes.set(part, length);
    length = end;
  }
}

/** Reads a body, or tells which limit it exceeds. */
export async function readBody(
  { body, headers }: Request,
  { maxBytes, timeoutMs }: BodyLimits,
): Promise<Uint8Array | "too large" | "too slow"> {
  if (!body) return new Uint8Array();
  const reader = body.getReader();
  if (Number(headers.get("content-length")) > maxBytes) {
    reader.cancel().catch(() => {});
    return "too large";
  }
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve("too slow");
      reader.cancel().catch(() => {});
    }, timeoutMs);
    readAll(reader, maxBytes)
      .then((bytes) => resolve(bytes ?? "too large"), reject)
      .finally(() => clearTimeout(timer));
  });
}
