/** Finds passwords in the file that libpq calls `.pgpass`. */

import { FatalConnectionError } from "./connection_error.ts";
import { defaultSocketDirectory } from "./connection_settings.ts";

/** What a password is looked up for. */
export interface PasswordKey {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

const line =
  /^((?:\\.|[^\\:])*):((?:\\.|[^\\:])*):((?:\\.|[^\\:])*):((?:\\.|[^\\:])*):((?:\\.|[^:])*)/;

function unescape(field: string): string {
  return field.replace(/\\(.)/g, "$1");
}

/**
 * The password of the first line that matches, which may be empty. In a field, `*` matches everything.
 */
export function findPassword(
  text: string,
  { host, port, database, user }: PasswordKey,
): string | undefined {
  const wanted = [host === defaultSocketDirectory ? "localhost" : host, `${port}`, database, user];
  for (const each of text.split(/\r?\n/)) {
    const [, ...fields] = line.exec(each) ?? [];
    const password = fields.pop();
    const matches = (field: string, index: number) =>
      field === "*" || unescape(field) === wanted[index];
    if (!each.startsWith("#") && password !== undefined && fields.every(matches)) {
      return unescape(password);
    }
  }
  return undefined;
}

/**
 * The password in a file, by default `~/.pgpass`. As in libpq, a file that cannot be read has none, and
 * one that others may read is not used.
 */
export async function readPassword(
  path: string | undefined,
  key: PasswordKey,
): Promise<string | undefined> {
  let mode: number;
  let text: string;
  try {
    // Loaded only when a server asks for a password that is nowhere else. Deno may forbid all of it.
    const [{ readFile, stat }, { homedir }] = await Promise.all([
      import("node:fs/promises"),
      import("node:os"),
    ]);
    const file = path ?? `${homedir()}/.pgpass`;
    const stats = await stat(file);
    // Reading a pipe would wait for a writer.
    if (!stats.isFile()) return undefined;
    mode = stats.mode;
    text = await readFile(file, "utf8");
  } catch {
    return undefined;
  }
  // On Windows, a file has no permissions of this kind.
  const { default: process } = await import("node:process");
  if (process.platform !== "win32" && (mode & 0o077) !== 0) {
    throw new FatalConnectionError(
      "Cannot connect to the system database: others may read the password file. Give it the " +
        "permissions 0600",
    );
  }
  return findPassword(text, key);
}
