/** Generates version 7 UUIDs (RFC 9562) that increase within a process. */

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

// It is faster to generate many random bytes at once. An ID takes 8 for its tail and 2 for its
// counter.
const bytesPerID = 10;
const random = new Uint8Array(100 * bytesPerID);
let used = random.length;

let lastMs = 0;
let time = "";
let counter = 0;

function setTime(ms: number): void {
  lastMs = ms;
  const digits = ms.toString(16).padStart(12, "0");
  time = `${digits.slice(0, 8)}-${digits.slice(8)}-7`;
}

/** Returns where in `random` the bytes for the next ID begin. */
function takeRandom(): number {
  if (used === random.length) {
    crypto.getRandomValues(random);
    used = 0;
  }
  used += bytesPerID;
  return used - bytesPerID;
}

function formatTail(start: number): string {
  const variant = 0x80 | (random[start]! & 0x3f);
  let text = `${hexOfByte[variant]}${hexOfByte[random[start + 1]!]}-`;
  for (let index = start + 2; index < start + 8; index++) text += hexOfByte[random[index]!];
  return text;
}

/**
 * Generates a version 7 UUID: 48 bits of time, a counter of 12 bits (`rand_a`, section 6.2, method
 * 1) and 62 random bits.
 *
 * Increasing IDs are inserted at the end of an index; random IDs touch all of its pages.
 */
export function uuidV7(): string {
  const nowMs = Date.now();
  const start = takeRandom();
  if (nowMs > lastMs) {
    setTime(nowMs);
    // Starts in the lower half, which leaves room for increments.
    counter = (random[start + 8]! << 3) | (random[start + 9]! & 7);
  } else if (++counter > 0xfff) {
    setTime(lastMs + 1);
    counter = 0;
  }
  return `${time}${(0x1000 | counter).toString(16).slice(1)}-${formatTail(start)}`;
}
