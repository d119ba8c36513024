/**
 * Sequelize, Prisma and `npm:@vercel/postgres`. They depend on the types of Node and of `npm:pg`, with
 * which Deno would check all tests. So they are not in deno.json, and what uses them runs in a process of
 * its own.
 */
import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };
import type { Example } from "./examples.ts";

const npmOnly = (name: string) => new URL(`../npm_only/${name}.ts`, import.meta.url).href;
const imports = {
  ...config.imports,
  "@std/assert": npmOnly("assert"),
  "@std/uuid": npmOnly("uuid"),
  // The release that `npm:@vercel/postgres` uses.
  "@neondatabase/serverless-of-vercel": "npm:@neondatabase/serverless@0.9.5",
  "@prisma/adapter-pg": "npm:@prisma/adapter-pg@7.10.0",
  "@prisma/client/": "npm:/@prisma/client@7.10.0/",
  "@vercel/postgres": "npm:@vercel/postgres@0.10.0",
  "drizzle-orm/vercel-postgres": `${config.imports["drizzle-orm"]}/vercel-postgres`,
  "sequelize": "npm:sequelize@6.37.8",
};
const importMap = encodeURIComponent(JSON.stringify({ imports }));
const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs a program that uses them with Deno. */
export const typedOrmsCommand: readonly string[] = [
  ...[Deno.execPath(), "run", "-A", "--quiet", "--no-check", "--no-lock"],
  ...[`--config=${root}deno.json`, `--import-map=data:application/json,${importMap}`],
];

/** Whether an example uses one of them. */
export function needsTypedOrms({ code }: Pick<Example, "code">): boolean {
  return /from "(sequelize|@prisma\/|@vercel\/)/.test(code);
}
