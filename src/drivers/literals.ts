import type { Query, Value } from "../database/query.ts";

// All but printable ASCII, and of that the quote and the backslash.
const unsafeCharacter = /[^ -&(-[\]-~]/g;

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/**
 * A value as an SQL literal. A text can't end its literal: what is written between the quotes is
 * printable ASCII without quotes, where every backslash is followed by `u` and four digits. No setting
 * of the server changes what that means.
 */
function toLiteral(value: Value): string {
  if (typeof value === "string") return `E'${value.replace(unsafeCharacter, escape)}'`;
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new RangeError(`Cannot write ${value} as an SQL literal`);
  }
  return String(value);
}

/**
 * A query as one text without parameters, for the simple protocol: it crosses the network in one
 * packet each way and needs nothing of the session, so it passes any transaction pooler.
 */
export function inlineValues({ text, values }: Query): string {
  const literals = values.map(toLiteral);
  // A quoted name, such as that of the schema, may contain what looks like a parameter.
  return text.replace(
    /"[^"]*"|\$(\d+)/g,
    (match, index?: string) => index ? literals[Number(index) - 1]! : match,
  );
}

/** A query as a call of the statement that is prepared under its name in SQL. */
export function toExecute({ name, values }: Query): string {
  return values.length > 0 ? `execute ${name}(${values.map(toLiteral)})` : `execute ${name}`;
}

/** Queries as one text, for one message of the simple protocol: the server runs it as one transaction. */
export function joinQueries(queries: readonly Query[]): string {
  return queries.map(inlineValues).join(";\n");
}
