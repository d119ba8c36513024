/** Binary strings: one character per byte, with the value of the byte as its code. */

// A call takes only a limited number of arguments.
const chunkLength = 8_192;

/** Converts bytes to a binary string. */
export function toBinary(bytes: Uint8Array): string {
  let binary = "";
  for (let start = 0; start < bytes.length; start += chunkLength) {
    binary += String.fromCharCode(...bytes.subarray(start, start + chunkLength));
  }
  return binary;
}

function encodeCodePoint(char: string): string {
  const code = char.codePointAt(0)!;
  const tail = (shift: number) => 0x80 | code >> shift & 0x3f;
  if (code < 0x800) return String.fromCharCode(0xc0 | code >> 6, tail(0));
  if (code < 0x10000) return String.fromCharCode(0xe0 | code >> 12, tail(6), tail(0));
  return String.fromCharCode(0xf0 | code >> 18, tail(12), tail(6), tail(0));
}

/** Encodes a text as UTF-8 in a binary string. A lone surrogate is encoded like any code point. */
export function toUtf8Binary(text: string): string {
  return text.replace(/[^\0-\x7f]/gu, encodeCodePoint);
}
