/** Writes names and values into SQL text. */

import type { Query, Value } from "./adapter.ts";

/** Quotes a name for use as an SQL identifier. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

// All but printable ASCII, and of that the quote and the backslash.
const unsafeCharacter = /[^ -&(-[\]-~]/g;

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/**
 * A value as an SQL literal. A text cannot end its literal: between the quotes there is only printable
 * ASCII without quotes, where `u` and four digits follow every backslash. No setting of the server
 * changes the meaning of that.
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

/** A query as an SQL call of the prepared statement of its name. */
export function toExecute({ name, values }: Query): string {
  return values.length > 0 ? `execute ${name}(${values.map(toLiteral)})` : `execute ${name}`;
}

/** Queries as one text. The server runs a message of the simple protocol as one transaction. */
export function joinQueries(queries: readonly Query[]): string {
  return queries.map(inlineValues).join(";\n");
}
