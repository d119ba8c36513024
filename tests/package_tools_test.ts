/** What tools for packages say of the package that `deno task pack` creates. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import config from "../deno.json" with { type: "json" };
import { engines } from "../scripts/pack.ts";
import { findMissingTool, install, node, pack, root, run } from "./support/packed.ts";

const checkers = ["publint@0.3.25", "@arethetypeswrong/cli@0.18.5"];
// The first of them is the oldest that knows AsyncDisposable.
const compilers = ["5.2.2", "5.6.3", "5.9.3", "6.0.3", "7.0.2"];

const resolutions = [
  "--module nodenext --moduleResolution nodenext",
  "--module esnext --moduleResolution bundler",
];

/**
 * What a compiler reports of the package and of a program that uses it. Old compilers report errors in
 * the types of Node and of npm:pg as well.
 */
async function compile(folder: string, compiler: string, resolution: string): Promise<string[]> {
  const flags =
    "--noEmit --strict --exactOptionalPropertyTypes --skipLibCheck false --target es2022";
  const program = `${folder}/node_modules/typescript-${compiler}/bin/tsc`;
  const { success, stdout, stderr } = await new Deno.Command(node, {
    args: [program, ...`${flags} ${resolution} consumer.ts`.split(" ")],
    cwd: folder,
  }).output();
  const reports = new TextDecoder().decode(stdout).split("\n")
    .filter((line) => / error TS\d+:|^error /.test(line));
  assert(success || reports.length > 0, new TextDecoder().decode(stderr));
  return reports.filter((line) => !/^node_modules\/(?!@dbos-community\/)/.test(line));
}

/** The minimum version of a runtime, which is in the first cell of its row that begins so. */
function readMinimum(page: string, runtime: string): string[] {
  const rows = Deno.readTextFileSync(`${root}${page}`).split("\n");
  const cells = rows.find((row) => row.startsWith(`| ${runtime} `))?.split("|") ?? [];
  return cells.find((cell) => /^ \d/.test(cell))?.match(/\d+\.\d+(\.\d+)?/g) ?? [];
}

const missingTool = findMissingTool();
Deno.test({
  name: `tools and the packed package${missingTool ? ` (skipped: ${missingTool})` : ""}`,
  ignore: missingTool !== undefined,
  async fn(test) {
    const folder = await Deno.makeTempDir();
    try {
      await pack(folder);
      const aliases = compilers.map((version) => `typescript-${version}@npm:typescript@${version}`);
      await install(folder, `${folder}/package.tgz`, ...checkers, ...aliases);
      await Deno.copyFile(`${root}tests/packed/consumer.ts`, `${folder}/consumer.ts`);

      await test.step("publint has no suggestion", async () => {
        const output = await run(folder, "node_modules/.bin/publint", "--strict", "package.tgz");
        assertMatch(output, /All good!/);
      });
      await test.step("attw finds types for every entry point and kind of resolution", async () => {
        // The package is for `import` only.
        const flags = ["--profile", "esm-only", "--format", "json"];
        const output = await run(folder, "node_modules/.bin/attw", "package.tgz", ...flags);
        const { analysis } = JSON.parse(output);
        assertEquals(Object.keys(analysis.entrypoints).sort(), Object.keys(config.exports).sort());
      });
      // consumer.ts has wrong lines as well, of which a compiler must report an error.
      for (const compiler of compilers) {
        await test.step(`TypeScript ${compiler} accepts the types under each resolution`, async () => {
          const reports = await Promise.all(
            resolutions.map((flags) => compile(folder, compiler, flags)),
          );
          assertEquals(reports, [[], []]);
        });
      }
      await test.step("package.json has the minimum versions", async () => {
        const manifest = JSON.parse(await Deno.readTextFile(`${folder}/package/package.json`));
        assertEquals(manifest.engines, engines);
      });
      await test.step("a runtime that is too old gets one error, from either entry point", async () => {
        for (const entry of ["mod", "core"]) {
          const code = `delete String.prototype.isWellFormed;
            await import("./${entry}.js").catch(({ message }) => console.log(message))`;
          const message = await run(`${folder}/package`, node, "--input-type=module", "-e", code);
          assertMatch(
            message,
            /^Cannot use @dbos-community\/client: this runtime is too old; use /,
          );
        }
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("the pages, package.json and the error name the same minimum versions", () => {
  const source = Deno.readTextFileSync(`${root}src/validate.ts`);
  for (const [runtime, range] of Object.entries(engines)) {
    const name = runtime[0]!.toUpperCase() + runtime.slice(1);
    const versions = range.match(/\d+\.\d+\.\d+/g)!.map((version) => version.replace(/\.0$/, ""));
    for (const page of ["README.md", "docs/compatibility.md"]) {
      assertEquals(readMinimum(page, name), versions, `${name} in ${page}`);
    }
    assertMatch(source, new RegExp(`${name} ${versions[0]!.replaceAll(".", "\\.")}\\b`));
  }
});
