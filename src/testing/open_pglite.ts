/** Opens a database in the memory of this process. */

import { createHash } from "node:crypto";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { PGliteDriver } from "../drivers/driver.ts";

/** A database of PGlite, as far as a test worker uses it. */
export interface OpenPGlite extends PGliteDriver {
  dumpDataDir(compression: "gzip"): Promise<Blob>;
  close(): Promise<void>;
}

interface PGliteClass {
  create(options?: { loadDataDir: Blob }): Promise<OpenPGlite>;
}

const decompress = promisify(gunzip);

/** Whether nobody is asked for a permission; only Deno has them. */
function isGranted(descriptor: { name: string; path?: string; variable?: string }): boolean {
  const { Deno } = globalThis as {
    Deno?: { permissions: { querySync(descriptor: object): { state: string } } };
  };
  return Deno?.permissions.querySync(descriptor).state !== "prompt";
}

/** Names the PGlite that is installed: its URL, which has a version in Deno, with its size and time. */
async function findVersion(): Promise<string> {
  const url = import.meta.resolve("@electric-sql/pglite");
  if (!url.startsWith("file:")) return url;
  const { size, mtimeMs } = await stat(fileURLToPath(url));
  return `${url} ${size} ${mtimeMs}`;
}

/** The file that keeps what a new database consists of; undefined if there is no place for it. */
async function findCacheFile(): Promise<string | undefined> {
  if (!["XDG_CACHE_HOME", "HOME"].every((variable) => isGranted({ name: "env", variable }))) return;
  const { XDG_CACHE_HOME, HOME } = process.env;
  if (!XDG_CACHE_HOME && !HOME) return;
  const folder = join(XDG_CACHE_HOME || join(HOME!, ".cache"), "dbos-community-client");
  if (!["read", "write"].every((name) => isGranted({ name, path: folder }))) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const hash = createHash("sha256").update(await findVersion()).digest("hex").slice(0, 16);
  return join(folder, `pglite-${hash}.tar.gz`);
}

/** Writes the file in one step, because others may read it. */
async function writeCache(file: string, database: OpenPGlite): Promise<void> {
  const data = new Uint8Array(await (await database.dumpDataDir("gzip")).arrayBuffer());
  const part = `${file}.${crypto.randomUUID()}`;
  await writeFile(part, data);
  await rename(part, file);
}

/**
 * Opens a new database. The first time on a machine that takes 3 s of the processor, as PGlite runs
 * `initdb`. What that made is kept in a file of 5 MB: with it, a new database takes 0.7 s.
 */
async function create(PGlite: PGliteClass): Promise<OpenPGlite> {
  const file = await findCacheFile().catch(() => undefined);
  // A file that is damaged is written anew. PGlite itself would end the process.
  const data = file && await readFile(file).then(decompress).catch(() => undefined);
  if (data) {
    return await PGlite.create({ loadDataDir: new Blob([new Uint8Array(data)]) });
  }
  const database = await PGlite.create();
  if (file) await writeCache(file, database).catch(() => {});
  return database;
}

/** Opens a new, empty PGlite database. It is loaded on demand: it has 27 MB. */
export async function openPGlite(): Promise<OpenPGlite> {
  try {
    const { PGlite } = await import("@electric-sql/pglite");
    return await create(PGlite as PGliteClass);
  } catch (cause) {
    throw new Error(
      "Cannot start a test worker: PGlite does not start here. Install @electric-sql/pglite, or pass " +
        "an empty database as the option database",
      { cause },
    );
  }
}
