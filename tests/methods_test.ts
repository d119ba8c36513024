import { assertEquals } from "@std/assert";
import { DBOSClient, DebouncerClient } from "@dbos-inc/dbos-sdk";
import { fileURLToPath } from "node:url";
import * as library from "../mod.ts";

/** Methods of the official client that nobody is to call, and why. */
const internalMethods: Record<string, string> = {
  constructor: "private: `create` makes a client",
  enqueueDebounced: "what DebouncerClient calls",
  debounceDelayedWorkflow: "what DebouncerClient calls",
};

/** Official methods that ours have no counterpart to, and why. */
const missingMethods: Record<string, string> = {};

interface Row {
  readonly ours: string[];
  readonly typeScript: string[];
  readonly official: string[];
}

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
}

/** The table of the README whose first column is of this client, without rows that name nothing. */
async function readTable(): Promise<Row[]> {
  const text = await Deno.readTextFile(new URL("../README.md", import.meta.url));
  const [table = ""] = text.match(/^\| This client .*\n(?:\|.*\n)+/m) ?? [];
  const rows = table.split("\n").slice(2).map((line) => {
    const [ours = [], ...official] = line.split("|").slice(1, -1).map(namesIn);
    return { ours, typeScript: official[0] ?? [], official: official.flat() };
  });
  return rows.filter(({ ours, official }) => ours.length + official.length > 0);
}

/** The fields and methods of the interfaces that mod.ts exports. */
async function readMembers(): Promise<Set<string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", fileURLToPath(new URL("../mod.ts", import.meta.url))],
  }).output();
  interface Declaration {
    def?: { properties?: { name: string }[]; methods?: { name: string }[] };
    kind: string;
  }
  const { nodes }: { nodes: Record<string, { symbols: { declarations: Declaration[] }[] }> } = JSON
    .parse(new TextDecoder().decode(stdout));
  const interfaces = Object.values(nodes)
    .flatMap(({ symbols }) => symbols.flatMap(({ declarations }) => declarations))
    .filter(({ kind }) => kind === "interface");
  return new Set(
    interfaces.flatMap(({ def }) => [...def?.properties ?? [], ...def?.methods ?? []])
      .map(({ name }) => name),
  );
}

function isFunction(value: unknown): boolean {
  return typeof value === "function" && !String(value).startsWith("class");
}

const functions = Object.entries(library).filter(([, value]) => isFunction(value))
  .map(([name]) => name);

Deno.test("every name in our column of the table is a function or an option", async () => {
  const known = new Set([...functions, ...await readMembers()]);
  const names = (await readTable()).flatMap(({ ours }) => ours);
  assertEquals(names.filter((name) => !known.has(name)), []);
});

Deno.test("every function of ours stands in the table", async () => {
  const names = new Set((await readTable()).flatMap(({ ours }) => ours));
  assertEquals(functions.filter((name) => !names.has(name)), []);
});

Deno.test("every official method in the table has one of ours beside it", async () => {
  const alone = (await readTable()).filter(({ ours }) => ours.length === 0);
  assertEquals(alone.flatMap(({ official }) => official), Object.keys(missingMethods));
});

Deno.test("the table has the methods of the official TypeScript client, and no others", async () => {
  const written = new Set((await readTable()).flatMap(({ typeScript }) => typeScript));
  // Handles and queues are no classes that the package exports.
  const checked = [...written].filter((name) => !/^Workflow(Handle|Queue)\./.test(name));
  const real = [
    "create",
    ...Object.getOwnPropertyNames(DBOSClient.prototype),
    ...Object.getOwnPropertyNames(DebouncerClient.prototype)
      .filter((name) => name !== "constructor")
      .map((name) => `DebouncerClient.${name}`),
  ];
  assertEquals([...checked, ...Object.keys(internalMethods)].sort(), real.sort());
});
