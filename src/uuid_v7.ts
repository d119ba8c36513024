/** Generates version 7 UUIDs (RFC 9562) that increase within a process. */

function toCodes(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

const hexDigits = toCodes("0123456789abcdef");
// Those of the last ID. V8 keeps a text that is put together piece by piece as a tree of the pieces, which
// takes four times as long to make, and four times the memory.
const characters = toCodes("00000000-0000-7000-8000-000000000000");

function setByte(position: number, byte: number): void {
  characters[position] = hexDigits[byte >> 4]!;
  characters[position + 1] = hexDigits[byte & 15]!;
}

// It is faster to generate many random bytes at once. An ID takes 8 for its tail and 2 for its
// counter.
const bytesPerID = 10;
const random = new Uint8Array(100 * bytesPerID);
let used = random.length;

let lastMs = 0;
let counter = 0;

function setTime(ms: number): void {
  lastMs = ms;
  const digits = toCodes(ms.toString(16).padStart(12, "0"));
  for (const [index, digit] of digits.entries()) characters[index < 8 ? index : index + 1] = digit;
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
  characters[15] = hexDigits[counter >> 8]!;
  setByte(16, counter & 0xff);
  setByte(19, 0x80 | (random[start]! & 0x3f));
  setByte(21, random[start + 1]!);
  for (let index = 2; index < 8; index++) setByte(20 + 2 * index, random[start + index]!);
  return String.fromCharCode(...characters);
}
