/** Bytes as a text of as many characters, each with the value of its byte. */

const chunkLength = 8_192;

/** The bytes, one character each. */
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

/** The text as UTF-8, one character a byte; a lone surrogate is encoded like any code point. */
export function toUtf8Binary(text: string): string {
  return text.replace(/[^\0-\x7f]/gu, encodeCodePoint);
}
