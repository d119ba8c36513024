import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../scripts/check_layers.ts", import.meta.url));

/** Runs the check on a folder with the entry points and the given modules. */
async function check(files: Record<string, string>): Promise<{ code: number; stderr: string }> {
  const folder = await Deno.makeTempDir();
  const entryPoints = {
    "mod.ts": 'export * from "./core.ts";',
    ...{ "core.ts": "", "errors.ts": "", "src/http/mod.ts": "" },
  };
  try {
    for (const [path, text] of Object.entries({ ...entryPoints, ...files })) {
      await Deno.mkdir(dirname(`${folder}/${path}`), { recursive: true });
      await Deno.writeTextFile(`${folder}/${path}`, text);
    }
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", script, folder],
      stdout: "null",
      stderr: "piped",
    }).output();
    return { code, stderr: new TextDecoder().decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the check passes if modules import only lower layers without cycles", async () => {
  const outcome = await check({
    "core.ts": 'export * from "./src/workflows/a.ts";',
    "src/workflows/a.ts":
      'import "./b.ts"; import type { C } from "../client/c.ts"; export type { C };',
    "src/workflows/b.ts": 'import "../client/c.ts";',
    "src/client/c.ts": "export interface C {}",
  });
  assertEquals(outcome.code, 0, outcome.stderr);
});

Deno.test("the check fails on any import from a higher layer, type-only or dynamic", async () => {
  const imports = [
    'import "../workflows/b.ts";',
    'import type { B } from "../workflows/b.ts"; export type { B };',
    'export const b = () => import("../workflows/b.ts");',
  ];
  for (const code of imports) {
    const { code: exitCode, stderr } = await check({
      "core.ts": 'export * from "./src/client/a.ts";',
      "src/client/a.ts": code,
      "src/workflows/b.ts": "export interface B {}",
    });
    assertEquals(exitCode, 1);
    assertStringIncludes(
      stderr,
      "src/client/a.ts imports from a layer above: src/workflows/b.ts",
    );
  }
});

Deno.test("the check fails on an import cycle, even if it is type-only", async () => {
  const { code, stderr } = await check({
    "errors.ts": 'export * from "./src/client/a.ts";',
    "src/client/a.ts": 'import type { B } from "./b.ts"; export interface A { b: B }',
    "src/client/b.ts": 'import type { A } from "./a.ts"; export interface B { a: A }',
  });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "cycle: src/client/a.ts → src/client/b.ts → src/client/a.ts");
});
