/** Says which privilege a role lacks, and which script of sql/roles/ grants it. Loaded on demand. */

import type { findMissingPrivileges } from "../../sql/database/mod.ts";
import { InsufficientPrivilegeError } from "../errors/privileges.ts";

type FindMissing = NonNullable<typeof findMissingPrivileges.parameters>;

// The statements that the scripts for few privileges are for. manage.sql grants everything.
const scripts: readonly [script: string, statements: RegExp][] = [
  ["enqueue", /^enqueue(_one)?$/],
  ["send", /^send(_one|_to_forks)?$/],
  [
    "enqueue_and_wait",
    /^(find_(outcomes|completion_times|event.*|stream_.*)|get_all_(events|stream_.*)|explain_workflow)$/,
  ],
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
    /\b(?:(insert into|update|delete from|from|join)\s"(?:[^"]|"")+"\.([a-z_]+)|(do update|for update|for no key update|returning)\b)/g;
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
 * The error for the caller of a statement that the server refused because the role lacks a privilege.
 * It is the same `error` if that names neither the schema nor a table of the statement.
 * `findMissing` asks the server which privileges are missing, if it can.
 */
export async function toPrivilegeError(
  error: Error,
  { schema, name, text }: { schema: string; name: string; text: string },
  findMissing: (parameters: FindMissing) => Promise<{ privilege: string }[]>,
): Promise<Error> {
  const privileges = findPrivileges(text);
  // A longer name may contain a shorter one.
  const tables = [...privileges.keys()].sort((a, b) => b.length - a.length);
  const table = tables.find((table) => error.message.includes(table));
  const [script = "manage"] = scripts.find(([, statements]) => statements.test(name)) ?? [];
  const refuse = (object: string, privileges: string[]) =>
    new InsufficientPrivilegeError(object, privileges, `sql/roles/${script}.sql`, { cause: error });

  if (!table) return error.message.includes(schema) ? refuse(`schema ${schema}`, ["USAGE"]) : error;
  const needed = [...privileges.get(table)!].sort();
  const parameters = { privileges: needed.join(), separator: ",", table_name: table };
  const missing = (await findMissing(parameters).catch(() => [])).map((row) => row.privilege);
  return refuse(`table ${schema}.${table}`, missing.length > 0 ? missing : needed);
}
