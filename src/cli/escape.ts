/** Escapes text: what workflows have stored must not control the terminal. */

/** Control characters, those of 8-bit terminals among them, and characters that reorder text. */
export const unsafe: RegExp =
  // deno-lint-ignore no-control-regex
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

function toEscape(character: string): string {
  const code = character.charCodeAt(0);
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** Escapes what could control a terminal. */
export function escapeText(text: string): string {
  return text.toWellFormed().replace(unsafe, toEscape);
}

/** Escapes what could control a terminal, except for line breaks and tabs. */
export function escapeLines(text: string): string {
  return text.toWellFormed().replace(
    unsafe,
    (character) => character === "\n" || character === "\t" ? character : toEscape(character),
  );
}
