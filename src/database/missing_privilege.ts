/** Says which privilege a role lacks, and which script of sql/roles/ grants it. Loaded on demand. */

import { InsufficientPrivilegeError } from "../errors/database.ts";

// The statements that the scripts for few privileges are for. manage.sql grants everything.
const scripts: readonly [script: string, statements: RegExp][] = [
  ["enqueue", /^enqueue$/],
  ["send", /^send(_to_forks)?$/],
  ["enqueue_and_wait", /^(find_(outcomes|completion_times|events|stream_values)|get_all_events)$/],
  ["observe", /^(list|count|describe)_/],
];

const clauses: Readonly<Record<string, readonly string[]>> = {
  "insert into": ["INSERT"],
  "update": ["UPDATE", "SELECT"],
  "delete from": ["DELETE", "SELECT"],
  "from": ["SELECT"],
  "join": ["SELECT"],
  // These are about the last table before them.
  "do update": ["UPDATE", "SELECT"],
  "for update": ["UPDATE", "SELECT"],
  "for no key update": ["UPDATE", "SELECT"],
  "returning": ["SELECT"],
};

/** The privileges that the text of a statement needs, by the names of tables. */
function findPrivileges(text: string): Map<string, Set<string>> {
  const privileges = new Map<string, Set<string>>();
  const pattern =
    /\b(?:(insert into|update|delete from|from|join) "(?:[^"]|"")+"\.([a-z_]+)|(do update|for update|for no key update|returning)\b)/g;
  let lastTable = "";
  for (const [, clause, table = lastTable, suffix] of text.matchAll(pattern)) {
    lastTable = table;
    let needed = privileges.get(table);
    if (!needed) privileges.set(table, needed = new Set());
    for (const privilege of clauses[(clause ?? suffix)!]!) needed.add(privilege);
  }
  return privileges;
}

/**
 * The error for a statement that the server refused because a privilege is missing; undefined if the
 * `error` names neither the schema nor a table of the statement.
 */
export function toPrivilegeError(
  error: { readonly message: string },
  { name, text }: { readonly name: string; readonly text: string },
  schema: string,
): InsufficientPrivilegeError | undefined {
  const privileges = findPrivileges(text);
  // A longer name may contain a shorter one.
  const tables = [...privileges.keys()].sort((a, b) => b.length - a.length);
  const table = tables.find((table) => error.message.includes(table));
  if (!table && !error.message.includes(schema)) return undefined;
  const [script = "manage"] = scripts.find(([, statements]) => statements.test(name)) ?? [];
  return new InsufficientPrivilegeError(
    table ? `table ${schema}.${table}` : `schema ${schema}`,
    table ? [...privileges.get(table)!].sort() : ["USAGE"],
    `sql/roles/${script}.sql`,
    { cause: error },
  );
}
