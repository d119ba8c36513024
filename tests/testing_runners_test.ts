/** Runs the first test of docs/testing.md with each test runner, on the package as it is published. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import * as esbuild from "esbuild";
import { readDocument } from "./support/examples.ts";
import {
  bunFor,
  copyPublished,
  findMissingTool,
  install,
  node,
  pack,
  versionOf,
} from "./support/packed.ts";

const [example] = readDocument("docs/testing.md").programs;
// That of vitest and Bun is 5 s, which is not enough on a machine that is busy.
const timeoutMs = 300_000;
const importOfTest = 'import { test } from "node:test";';

/** The test as the guide has it, but for where `test` comes from, and one that must fail. */
function testFor(replacement: string): string {
  assert(example!.code.includes(importOfTest));
  const code = example!.code.replace(importOfTest, replacement);
  return `${code}\ntest("two is three", () => assert.equal(2, 3));\n`;
}

/** Runs a test runner, which must end by itself, and checks that it has run both tests. */
async function runTests(folder: string, command: string, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd: folder,
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(2 * timeoutMs),
  }).output();
  const output = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n");
  assertEquals(code, 1, output);
  assertMatch(output, /\b1 pass|\bpass 1\b/, output);
  assertMatch(output, /\b1 fail|\bfail 1\b/, output);
}

const missingTool = findMissingTool();
Deno.test({
  name: `each test runner runs the test of the guide${
    missingTool ? ` (skipped: ${missingTool})` : ""
  }`,
  ignore: missingTool !== undefined,
  // esbuild keeps a process until it is stopped.
  sanitizeResources: false,
  sanitizeOps: false,
  async fn(test) {
    const folder = await Deno.makeTempDir();
    const write = async (path: string, code: string) => {
      await Deno.writeTextFile(`${folder}/${path}`, code);
    };
    try {
      await pack(folder);
      const pglite = `@electric-sql/pglite@${versionOf("@electric-sql/pglite")}`;
      await install(folder, `${folder}/package.tgz`, pglite, "vitest@4.1.12");
      await copyPublished(`${folder}/deno`);

      await test.step("node:test", async () => {
        const { code } = await esbuild.transform(testFor(importOfTest), { loader: "ts" });
        await write("node.test.mjs", code);
        await runTests(folder, node, "--test", "node.test.mjs");
      });
      await test.step("vitest", async () => {
        await write("vitest.test.ts", testFor('import { test } from "vitest";'));
        const args = ["run", `--testTimeout=${timeoutMs}`, "vitest.test.ts"];
        await runTests(folder, node, "node_modules/vitest/vitest.mjs", ...args);
      });
      await test.step("bun test", async () => {
        await write("bun_test.ts", testFor('import { test } from "bun:test";'));
        const args = ["test", `--timeout=${timeoutMs}`, "./bun_test.ts"];
        await runTests(folder, bunFor(folder), ...args);
      });
      await test.step("deno test", async () => {
        await write("deno/deno_test.ts", testFor("const { test } = Deno;"));
        // Deno would check the types of a linked package by other rules than its own.
        const flags = ["-A", "--no-check", "deno_test.ts"];
        await runTests(`${folder}/deno`, Deno.execPath(), "test", ...flags);
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test.afterAll(() => esbuild.stop());
