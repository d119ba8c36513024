/** JSON of languages with integers and decimals that a number of JavaScript has no room for. */

const maxDigits = 4_300;

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
 * The value of a JSON text, with `read` for each number that would not be written as it was read,
 * such as a long integer or `1.10`.
 */
export function parseLossless(text: string, read: (literal: string) => unknown): unknown {
  // No text can hold the mark, for it is new each time.
  const mark = crypto.randomUUID();
  let isMarked = false;
  const marked = replaceNumbers(text, (literal) => {
    const number = Number(literal);
    const isSafe = Number.isSafeInteger(number) || !Number.isInteger(number);
    if (isSafe && String(number) === literal) return literal;
    if (literal.length > maxDigits) throw new RangeError("it has a number of too many digits");
    isMarked = true;
    JSON.parse(literal); // It refuses what is no number of JSON's.
    return `"${mark}${literal}"`;
  });
  if (!isMarked) return JSON.parse(text);
  return JSON.parse(
    marked,
    (_key, value) =>
      typeof value === "string" && value.startsWith(mark) ? read(value.slice(mark.length)) : value,
  );
}

/** A number, or a bigint for an integer that no number is exact for. */
export function toNumberOrBigint(literal: string): number | bigint {
  const number = Number(literal);
  return /^-?\d+$/.test(literal) && !Number.isSafeInteger(number) ? BigInt(literal) : number;
}
