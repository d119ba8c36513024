/** Writes names and values into SQL text. */

import type { Query, Value } from "./adapter.ts";

/** Quotes a name for use as an SQL identifier. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

// Control characters, the quote, the backslash and lone surrogates.
const unsafeCharacter = /[^ -&(-[\]-~\u0080-\ud7ff\ue000-\u{10ffff}]/gu;

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/**
 * A value as an SQL literal. A text cannot end its literal: there is no quote in it, and `u` and four
 * digits follow every backslash. No setting of the server changes the meaning of that, and in none of
 * its encodings is a quote part of a longer character. Characters beyond ASCII are not escaped, because
 * the server could not convert the escapes where the encoding of the database is SQL_ASCII.
 */
export function toLiteral(value: Value): string {
  if (typeof value === "string") return `E'${value.replace(unsafeCharacter, escape)}'`;
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new RangeError(`Cannot write ${value} as an SQL literal`);
  }
  return String(value);
}

/**
 * A query as one text without parameters, for the simple protocol. It crosses the network in one packet
 * each way, and needs nothing of the session, so it passes every transaction pooler.
 */
export function inlineValues({ text, values }: Query): string {
  const literals = values.map(toLiteral);
  // A quoted name, such as that of the schema, may contain text that looks like a parameter.
  return text.replace(
    /"[^"]*"|\$(\d+)/g,
    (match, index?: string) => index ? literals[Number(index) - 1]! : match,
  );
}

// Escapes make a text up to six times as long, and a string can have some 500 million characters.
const maxInlinedCharacters = 8_000_000;

/** The number of characters in the texts among values. */
export function countCharacters(values: readonly Value[]): number {
  let sum = 0;
  for (const value of values) if (typeof value === "string") sum += value.length;
  return sum;
}

/** Whether the values of a query are short enough to be written into its text. */
export function canInline({ values }: Query): boolean {
  return countCharacters(values) <= maxInlinedCharacters;
}

/** A query as an SQL call of the prepared statement of its name. */
export function toExecute({ name, values }: Query): string {
  const execute = `execute ${quoteIdentifier(name)}`;
  return values.length > 0 ? `${execute}(${values.map(toLiteral)})` : execute;
}

/** Queries as one text. The server runs a message of the simple protocol as one transaction. */
export function joinQueries(queries: readonly Query[]): string {
  return queries.map(inlineValues).join(";\n");
}
