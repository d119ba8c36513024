/** Finds the texts without parameters that come again, so that connections prepare them. */

import { uuidV7 } from "../uuid_v7.ts";

// A list of workflows is some 100 KB as a prepared statement, and the server keeps each of them on each
// connection.
const maxNames = 20;
// A program that passes on the filters of its users, or the current time, sends other texts each time.
const maxWaiting = 50;
const maxCharacters = 20_000;

/**
 * A function that returns the name of a text for a prepared statement. It is empty if it was not asked for
 * lately: few texts come again. No other process has the same names, because poolers may have both
 * use one connection.
 */
export function createTextNames(): (text: string) => string {
  const names = new Map<string, string>();
  const waiting = new Set<string>();
  let prefix: string | undefined;
  return (text) => {
    const known = names.get(text);
    if (known) return known;
    if (names.size === maxNames || text.length > maxCharacters) return "";
    if (!waiting.delete(text)) {
      waiting.add(text);
      if (waiting.size > maxWaiting) waiting.delete(waiting.values().next().value!);
      return "";
    }
    prefix ??= `dbos_${uuidV7()}`;
    const name = `${prefix}_${names.size}`;
    names.set(text, name);
    return name;
  };
}
