import { assertEquals, assertGreater } from "@std/assert";
import { DBOSClient, DebouncerClient } from "@dbos-inc/dbos-sdk";
import { fileURLToPath } from "node:url";
import * as library from "../mod.ts";
import { oursIn, readSection } from "./support/methods_guide.ts";

const sections = ["TypeScript", "Python", "Go", "Java"].map(readSection);

/** Methods of the official client that nobody is to call, and why. */
const internalMethods: Record<string, string> = {
  constructor: "private: `create` makes a client",
  enqueueDebounced: "what DebouncerClient calls",
  debounceDelayedWorkflow: "what DebouncerClient calls",
};

/** Official methods that ours have no counterpart to, and why. */
const missingMethods: Record<string, string> = {};

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

Deno.test("every name in our columns is a function or an option", async () => {
  const known = new Set([...functions, ...await readMembers()]);
  assertEquals(sections.flatMap(oursIn).filter((name) => !known.has(name)), []);
});

for (const section of sections) {
  const { language, rows } = section;

  Deno.test(`every function of ours is compared with the client for ${language}`, () => {
    const names = new Set(oursIn(section));
    assertEquals(functions.filter((name) => !names.has(name)), []);
  });

  Deno.test(`every official method for ${language} has one of ours beside it`, () => {
    assertGreater(rows.length, 40);
    assertEquals(rows.filter(({ official }) => official.length === 0), []);
    const alone = rows.filter(({ ours }) => ours.length === 0);
    assertEquals(alone.flatMap(({ official }) => official), Object.keys(missingMethods));
  });
}

Deno.test("the table has the methods of the official TypeScript client, and no others", () => {
  const typeScript = sections.find(({ language }) => language === "TypeScript")!;
  const written = new Set(typeScript.rows.flatMap(({ official }) => official));
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
