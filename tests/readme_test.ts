/** Checks the README and the guides, and takes the first steps of the README on each runtime. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { existsSync } from "node:fs";
import * as errors from "../errors.ts";
import { createTestDatabase } from "./support/database.ts";
import { readDocument } from "./support/examples.ts";
import { copyPublished, findMissingTool, installRuntimes, pack } from "./support/packed.ts";
import { startPastedWorker } from "./support/pasted_worker.ts";
import { readFirstSteps, type Step } from "./support/readme_steps.ts";
import { run, runProgram } from "./support/run_example.ts";

const root = new URL("../", import.meta.url);

const paths = [
  "README.md",
  ...[...Deno.readDirSync(new URL("docs/", root))].map(({ name }) => `docs/${name}`).sort(),
];

function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, root));
}

Deno.test("the README has at most 250 lines, and no document has lines over 100 characters", () => {
  assertLessOrEqual(read("README.md").trimEnd().split("\n").length, 250);
  for (const path of paths) {
    const long = read(path).split("\n").filter((line) => line.length > 100);
    assertEquals(long, [], path);
  }
});

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-")
  );
}

Deno.test("all links of the documents are valid", () => {
  for (const path of paths) {
    for (const [, link] of read(path).matchAll(/\]\(([^)]+)\)/g)) {
      const { protocol, hash, href } = new URL(link!, new URL(path, root));
      if (protocol !== "file:") continue;
      const target = new URL(href.replace(hash, ""));
      assert(existsSync(target), `${path} links to ${link}`);
      const isAnchor = !hash || anchorsOf(Deno.readTextFileSync(target)).includes(hash.slice(1));
      assert(isAnchor, `${path} links to ${link}`);
    }
  }
});

Deno.test("the lists of the guides are complete", () => {
  for (const document of ["README.md", "docs/README.md"]) {
    const listed = [...read(document).matchAll(/^- \[[^\]]+\]\((.+\.md)\): /gm)]
      .map(([, link]) => new URL(link!, new URL(document, root)).href.replace(root.href, ""))
      .filter((path) => path.startsWith("docs/"));
    assertEquals(listed.sort(), paths.filter((path) => !path.endsWith("README.md")), document);
  }
});

Deno.test("the guide to errors lists all errors of the library, and no others", () => {
  const rows = [...read("docs/errors.md").matchAll(/^\| `(\w+Error)` /gm)].map(([, name]) => name);
  const { WorkflowError: _ofWorkflow, ...ofLibrary } = errors;
  assertEquals(rows.sort(), Object.keys(ofLibrary).sort());
});

Deno.test("every pool of npm:pg that is shown has a listener for errors", () => {
  const examples = [...Deno.readDirSync(new URL("examples/", root))].map(({ name }) => name);
  const sources = [
    ...paths,
    "mod.ts",
    "connect.ts",
    "client.ts",
    ...examples.map((name) => `examples/${name}`),
  ];
  let pools = 0;
  for (const path of sources) {
    for (
      const [pool, name] of read(path).matchAll(/const (\w+) = new (?:pg\.)?Pool\([^)]*\);\n/g)
    ) {
      if (pool.includes(", true)")) continue;
      pools++;
      const rest = read(path).split(pool).slice(1);
      const isHeard = rest.every((text) => text.slice(0, 200).includes(`${name}.on("error"`));
      assert(isHeard, `${path}: ${pool}`);
    }
  }
  assert(pools >= 10, `${pools}`);
});

Deno.test("all code blocks of the documents are in a language that the tests read", () => {
  const blocks = paths.flatMap((path) => [...read(path).matchAll(/^ *```(\w*)\n[^]*?^ *```$/gm)]);
  // Of Rust, only what tests/interop/rust/ has as well. The tests of each guide run its commands, and the
  // HTML is in examples/live_page.ts as well.
  const languages = new Set(blocks.map(([, language]) => language));
  assertEquals([...languages].sort(), ["html", "js", "python", "rust", "sh", "sql", "ts"]);
});

Deno.test("the README has a worker in JavaScript, and one in Python", () => {
  const { workers } = readDocument("README.md");
  assertEquals(workers.map(({ language }) => language), ["js", "python"]);
});

/** How to add the package, and what stands in for it here: what would be published, not JSR. */
const installs: Record<string, { command: string; standIn: readonly string[] }> = {
  Deno: {
    command: "deno add jsr:@dbos-community/client",
    standIn: ["cp", "../published/deno.json", "."],
  },
  Node: {
    command: "npx jsr add @dbos-community/client",
    standIn: ["npm", "install", "../package.tgz"],
  },
  Bun: {
    command: "bunx jsr add @dbos-community/client",
    standIn: ["bun", "add", "../package.tgz"],
  },
};

/** Takes the first steps in an empty folder. */
async function takeFirstSteps(runtime: string, cwd: string, path: string): Promise<void> {
  const { install, worker, program } = readFirstSteps(runtime);
  const { command, standIn } = installs[runtime]!;
  assertEquals(install, command);
  await using database = await createTestDatabase();
  const options = { cwd, env: { PATH: `${path}:${Deno.env.get("PATH")}` } };

  /** Writes the file, and runs all commands but the last. */
  async function prepare({ file, code, commands }: Step): Promise<string[]> {
    await Deno.writeTextFile(`${cwd}/${file}`, code);
    const lines = commands.map((line) => line.split(" "));
    for (const line of lines.slice(0, -1)) await run(line, options);
    return lines.at(-1)!;
  }

  await run(standIn, options);
  const start = await prepare(worker);
  await using _worker = await startPastedWorker(start, database.url, options);
  await runProgram(await prepare(program), program, database.url, options);
}

const missingTool = findMissingTool();
Deno.test({
  name: "the first steps of the README lead to a result in an empty folder" +
    (missingTool ? ` (skipped: ${missingTool})` : ""),
  ignore: missingTool !== undefined,
  async fn(test) {
    const folder = await Deno.makeTempDir();
    try {
      await pack(folder);
      await copyPublished(`${folder}/published`);
      const path = await installRuntimes(folder);
      for (const runtime of Object.keys(installs)) {
        await test.step(`on ${runtime}`, async () => {
          await Deno.mkdir(`${folder}/${runtime}`);
          await takeFirstSteps(runtime, `${folder}/${runtime}`, path);
        });
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
