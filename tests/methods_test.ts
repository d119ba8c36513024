import { assertEquals, assertGreater } from "@std/assert";
import { DBOSClient, DebouncerClient } from "@dbos-inc/dbos-sdk";
import { fileURLToPath } from "node:url";
import * as library from "../mod.ts";
import { oursIn, readSection } from "./support/methods_guide.ts";

const sections = ["TypeScript", "Python", "Go", "Java", "Rust"].map(readSection);

/** Internal methods of the official client, and why they are internal. */
const internalMethods: Record<string, string> = {
  constructor: "private: `create` makes a client",
  enqueueDebounced: "what DebouncerClient calls",
  debounceDelayedWorkflow: "what DebouncerClient calls",
};

/** Official methods without a counterpart in this library, and why. */
const missingMethods: Record<string, string> = {};

interface Members {
  properties?: { name: string }[];
  methods?: { name: string }[];
}

interface Declaration {
  kind: string;
  def?: Members;
  /** What Deno 2.5 writes instead of `def`. */
  interfaceDef?: Members;
}

/** What `deno doc --json` writes: a list on Deno 2.5, and an object with modules on newer releases. */
interface DocOutput {
  nodes: Declaration[] | Record<string, { symbols: { declarations: Declaration[] }[] }>;
}

function readDeclarations({ nodes }: DocOutput): Declaration[] {
  if (Array.isArray(nodes)) return nodes;
  return Object.values(nodes)
    .flatMap(({ symbols }) => symbols.flatMap(({ declarations }) => declarations));
}

/** The fields and methods of the interfaces that mod.ts exports. */
async function readMembers(): Promise<Set<string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", fileURLToPath(new URL("../mod.ts", import.meta.url))],
  }).output();
  const interfaces = readDeclarations(JSON.parse(new TextDecoder().decode(stdout)))
    .filter(({ kind }) => kind === "interface");
  return new Set(
    interfaces.map(({ def, interfaceDef }) => def ?? interfaceDef)
      .flatMap((members) => [...members?.properties ?? [], ...members?.methods ?? []])
      .map(({ name }) => name),
  );
}

function isFunction(value: unknown): boolean {
  return typeof value === "function" && !String(value).startsWith("class");
}

const functions = Object.entries(library).filter(([, value]) => isFunction(value))
  .map(([name]) => name);

Deno.test("every name in the columns of this client is a function or an option", async () => {
  const known = new Set([...functions, ...await readMembers()]);
  assertEquals(sections.flatMap(oursIn).filter((name) => !known.has(name)), []);
});

for (const section of sections) {
  const { language, rows } = section;

  Deno.test(`the table for ${language} lists every function of this library`, () => {
    const names = new Set(oursIn(section));
    assertEquals(functions.filter((name) => !names.has(name)), []);
  });

  Deno.test(`the table for ${language} has a counterpart of every official method`, () => {
    assertGreater(rows.length, 30);
    assertEquals(rows.filter(({ official }) => official.length === 0), []);
    const withoutCounterpart = rows.filter(({ ours }) => ours.length === 0);
    assertEquals(
      withoutCounterpart.flatMap(({ official }) => official),
      Object.keys(missingMethods),
    );
  });
}

Deno.test("the table for TypeScript has all methods of the official client, and no others", () => {
  const typeScript = sections.find(({ language }) => language === "TypeScript")!;
  const written = new Set(typeScript.rows.flatMap(({ official }) => official));
  // The package does not export the classes of handles and queues.
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
