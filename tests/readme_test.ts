/** Checks the README and the guides, and runs the programs of the README for Node and Bun. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { existsSync } from "node:fs";
import * as errors from "../errors.ts";
import { createTestDatabase } from "./support/database.ts";
import { type Example, expectedOutput, readDocument } from "./support/examples.ts";
import { bunFor, findMissingTool, install, node, pack } from "./support/packed.ts";
import { startPastedWorker } from "./support/pasted_worker.ts";
import { denoCommand, runProgram, writeExample } from "./support/run_example.ts";

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

const { workers, programs } = readDocument("README.md");
function programFor(runtime: string): Example {
  const program = programs.find(({ heading }) => heading === runtime);
  assert(program, `there is no program for ${runtime}`);
  return program;
}

Deno.test("the README has a worker in TypeScript, one in Python and a program per runtime", () => {
  assertEquals(workers.map(({ language }) => language), ["ts", "python"]);
  for (const runtime of ["Deno", "Node", "Bun"]) {
    assertEquals(expectedOutput(programFor(runtime)).length, 1);
  }
});

const missingTool = findMissingTool();
Deno.test({
  name: "the first programs of the README run on Node and Bun, with its worker in TypeScript" +
    (missingTool ? ` (skipped: ${missingTool})` : ""),
  ignore: missingTool !== undefined,
  async fn(test) {
    const folder = await Deno.makeTempDir();
    try {
      await pack(folder);
      await install(folder, `${folder}/package.tgz`);
      await using database = await createTestDatabase();
      const worker = await writeExample(folder, workers[0]!);
      await using _worker = await startPastedWorker(denoCommand(worker), database.url);
      const commands = {
        Node: [node, `${folder}/enqueue.mjs`],
        Bun: [bunFor(folder), `${folder}/enqueue.ts`],
      };
      for (const [runtime, command] of Object.entries(commands)) {
        await test.step(`on ${runtime}`, async () => {
          const program = programFor(runtime);
          await Deno.writeTextFile(command.at(-1)!, program.code);
          await runProgram(command, program, database.url);
        });
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
