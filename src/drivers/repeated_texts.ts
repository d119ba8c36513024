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
// All clients of a process share them, because they may share connections. The most recent one is last.
const names = new Map<string, Name>();
const current = new Set<string>();
// Texts that have come once.
const waiting = new Set<string>();

function createName(now: number): Name {
  prefix ??= `dbos_${uuidV7()}`;
  // Never that of another text.
  const name = `${prefix}_${++lastNumber}`;
  current.add(name);
  return { name, since: now };
}

/** The name of a text, unless it is too old. */
function takeName(text: string, now: number): Name | undefined {
  const found = names.get(text);
  if (!found) return undefined;
  names.delete(text);
  if (now - found.since <= maxAgeMs) return found;
  current.delete(found.name);
  return createName(now);
}

/**
 * Returns the name of a text for a prepared statement. It is empty if the text is long, or was not asked
 * for lately: few texts come again.
 */
export function nameRepeatedText(text: string): string {
  if (text.length > maxCharacters) return "";
  const now = performance.now();
  let found = takeName(text, now);
  if (!found) {
    if (!waiting.delete(text)) {
      waiting.add(text);
      if (waiting.size > maxWaiting) waiting.delete(waiting.values().next().value!);
      return "";
    }
    found = createName(now);
  }
  names.set(text, found);
  if (names.size > maxNames) {
    const [oldest, { name }] = names.entries().next().value!;
    names.delete(oldest);
    current.delete(name);
  }
  return found.name;
}

/** Whether a name is still that of a text. Otherwise connections need the statement no more. */
export function isCurrentName(name: string): boolean {
  return current.has(name);
}
