/** Names the texts without parameters that come again, so that connections prepare them. */

import { uuidV7 } from "../uuid_v7.ts";

interface Name {
  readonly name: string;
  /** When it was given, by performance.now(). */
  readonly since: number;
}

// A list of workflows is some 100 KB as a prepared statement, and the server keeps each of them on each
// connection.
const maxNames = 20;
// A program that passes on the filters of its users, or the current time, sends other texts each time.
const maxWaiting = 50;
const maxCharacters = 20_000;
// The plan of a prepared statement does not notice that its tables grow until they are analyzed.
const maxAgeMs = 60_000;

// No other process has the same names, because poolers may have both use one connection.
let prefix: string | undefined;
let lastNumber = 0;
// By their texts. All clients of a process share them, because they may share connections. The most
// recent one is last.
const names = new Map<string, Name>();
// Texts that have come once.
const waiting = new Set<string>();

function createName(now: number): Name {
  prefix ??= `dbos_${uuidV7()}`;
  // Never that of another text.
  return { name: `${prefix}_${++lastNumber}`, since: now };
}

/**
 * Returns the name of a text for a prepared statement. It is empty if the text is long, or was not asked
 * for lately: few texts come again.
 */
export function nameRepeatedText(text: string): string {
  if (text.length > maxCharacters) return "";
  const known = names.get(text);
  if (!known && !waiting.delete(text)) {
    waiting.add(text);
    if (waiting.size > maxWaiting) waiting.delete(waiting.values().next().value!);
    return "";
  }
  const now = performance.now();
  const isFresh = known && now - known.since <= maxAgeMs;
  const current = isFresh ? known : createName(now);
  names.delete(text);
  names.set(text, current);
  if (names.size > maxNames) names.delete(names.keys().next().value!);
  return current.name;
}

/** Whether a name is still that of a text. Otherwise connections need the statement no more. */
export function isCurrentName(name: string): boolean {
  return [...names.values()].some((current) => current.name === name);
}
