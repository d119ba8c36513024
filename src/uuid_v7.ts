/** Version 7 UUIDs (RFC 9562), increasing within a process. */

let lastMs = 0;
let counter = 0;

function toHex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

/**
 * A new version 7 UUID: 48 bits of time, a counter of 12 bits (`rand_a`, section 6.2, method 1) and
 * 62 random bits.
 *
 * IDs that increase are appended at the end of an index; random ones touch all of its pages.
 */
export function uuidV7(): string {
  const random = crypto.getRandomValues(new Uint32Array(3));
  const nowMs = Date.now();
  if (nowMs > lastMs) {
    lastMs = nowMs;
    // Starts in the lower half, so that there is room to count.
    counter = random[2]! & 0x7ff;
  } else if (++counter > 0xfff) {
    lastMs++;
    counter = 0;
  }
  const time = toHex(lastMs, 12);
  const variant = toHex((0x80000000 | (random[0]! & 0x3fffffff)) >>> 0, 8);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${toHex(counter, 3)}-` +
    `${variant.slice(0, 4)}-${variant.slice(4)}${toHex(random[1]!, 8)}`;
}
