/** Reads what commands are given: JSON on the command line, in files and on stdin. */

import { createReadStream, fstatSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { parseLossless, toNumberOrBigint } from "../serialization/lossless_json.ts";
import { UsageError } from "./errors.ts";
import { process } from "./terminal.ts";

let isStdinUsed = false;

function openStdin(what: string): AsyncIterable<Uint8Array> {
  if (isStdinUsed) throw new UsageError(`Cannot read ${what}: stdin is read for something else`);
  isStdinUsed = true;
  return process.stdin;
}

/** Reads a file; the error has its path, and nothing of its content. */
function toReadError(what: string, error: unknown): UsageError {
  const { code, message } = error as Error & { code?: string };
  return new UsageError(`Cannot read ${what}: ${code === "ENOENT" ? "no such file" : message}`);
}

function decodeUtf8(what: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`Cannot read ${what}: it is not UTF-8`);
  }
}

async function readSource(what: string, given: string): Promise<string> {
  if (given === "-") {
    const parts: Uint8Array[] = [];
    for await (const part of openStdin(what)) parts.push(part);
    return decodeUtf8(what, new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer()));
  }
  if (!given.startsWith("@")) return given;
  const path = given.slice(1);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw toReadError(`${what} from file ${path}`, error);
  }
  return decodeUtf8(what, bytes);
}

/** Parses JSON. The error quotes nothing of it. */
export function parseJson(what: string, text: string): unknown {
  let hasLongInteger = false;
  let value: unknown;
  try {
    value = parseLossless(text, (literal) => {
      const number = toNumberOrBigint(literal);
      hasLongInteger ||= typeof number === "bigint";
      return number;
    });
  } catch {
    throw new UsageError(
      `Cannot read ${what}: it is not JSON. A text needs its own quotes: '"text"'. @file reads a ` +
        "file, and - stdin",
    );
  }
  if (hasLongInteger) {
    throw new UsageError(
      `Cannot read ${what}: it has an integer that JavaScript cannot hold exactly; write it as a text`,
    );
  }
  return value;
}

/** Reads JSON: the given text, that in a file for `@file`, or that of stdin for `-`. */
export async function readJson(what: string, given: string): Promise<unknown> {
  return parseJson(what, await readSource(what, given));
}

/** Reads a JSON object. */
export async function readObject(what: string, given: string): Promise<Record<string, unknown>> {
  const value = await readJson(what, given);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new UsageError(`Cannot read ${what}: expected a JSON object, such as '{"team": "a"}'`);
}

/** Lines that are read, and how much of them has been read. */
export interface Lines extends AsyncIterable<string> {
  /** The number of bytes that have been read. */
  readonly readBytes: number;
  /** The number of bytes that there are; undefined if that is not known. */
  readonly totalBytes: number | undefined;
}

/** Reads the lines of a file, or of stdin for `-`. */
export function readLines(what: string, given: string): Lines {
  const isStdin = given === "-";
  let size: { isFile(): boolean; size: number };
  let source: AsyncIterable<Uint8Array>;
  try {
    size = isStdin ? fstatSync(0) : statSync(given);
    source = isStdin ? openStdin(what) : createReadStream(given);
  } catch (error) {
    throw error instanceof UsageError ? error : toReadError(`${what} from ${given}`, error);
  }
  const lines = {
    readBytes: 0,
    totalBytes: size.isFile() ? size.size : undefined,
    async *[Symbol.asyncIterator]() {
      const decoder = new TextDecoder("utf-8", { fatal: true });
      let rest = "";
      try {
        for await (const part of source) {
          lines.readBytes += part.length;
          const parts = (rest + decoder.decode(part, { stream: true })).split("\n");
          rest = parts.pop()!;
          yield* parts;
        }
        rest += decoder.decode();
      } catch (error) {
        if (error instanceof TypeError) {
          throw new UsageError(`Cannot read ${what}: it is not UTF-8`);
        }
        throw toReadError(what, error);
      }
      if (rest) yield rest;
    },
  };
  return lines;
}

/** The given workflow IDs, each once; those on the lines of stdin for `-`. */
export async function readWorkflowIDs(given: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const id of given) {
    if (id !== "-") ids.push(id);
    else for await (const line of readLines("the workflow IDs", "-")) ids.push(line.trim());
  }
  return [...new Set(ids)].filter((id) => id !== "");
}
