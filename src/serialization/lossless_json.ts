/** Parses JSON from languages whose numbers may not fit into a JavaScript number. */

import { parseJson } from "./decoding.ts";

const maxNumberLength = 4_300;

function endOfString(text: string, start: number): number {
  let end = start;
  do {
    end = text.indexOf('"', end + 1);
    if (end < 0) return text.length;
  } while (isEscaped(text, end));
  return end + 1;
}

function isEscaped(text: string, index: number): boolean {
  let start = index;
  while (text[start - 1] === "\\") start--;
  return (index - start) % 2 === 1;
}

function replaceNumbers(text: string, replace: (literal: string) => string): string {
  let result = "";
  for (let position = 0; position < text.length;) {
    const quote = text.indexOf('"', position);
    const end = quote < 0 ? text.length : quote;
    result += text.slice(position, end).replace(/-?\d[\d.eE+-]*/g, replace);
    if (quote < 0) break;
    position = endOfString(text, quote);
    result += text.slice(quote, position);
  }
  return result;
}

/**
 * Parses a JSON text. Calls `read` for each number that JavaScript would not write in the same way,
 * such as a long integer or `1.10`.
 */
export function parseLossless(text: string, read: (literal: string) => unknown): unknown {
  // Random, so that no text contains it by accident or by intent.
  const prefix = crypto.randomUUID();
  let isChanged = false;
  const changed = replaceNumbers(text, (literal) => {
    const number = Number(literal);
    const isSafe = Number.isSafeInteger(number) || !Number.isInteger(number);
    if (isSafe && String(number) === literal) return literal;
    if (literal.length > maxNumberLength) throw new RangeError("number has too many digits");
    isChanged = true;
    parseJson(literal); // Throws if it is not a valid number.
    return `"${prefix}${literal}"`;
  });
  if (!isChanged) return parseJson(text);
  return parseJson(
    changed,
    (_key, value) =>
      typeof value === "string" && value.startsWith(prefix)
        ? read(value.slice(prefix.length))
        : value,
  );
}

/** Converts a JSON number to a number, or to a bigint if it is an unsafe integer. */
export function toNumberOrBigint(literal: string): number | bigint {
  const number = Number(literal);
  return /^-?\d+$/.test(literal) && !Number.isSafeInteger(number) ? BigInt(literal) : number;
}
