/** What `deno pack` makes of the repository, as npm installs it for Node and for Bun. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import * as core from "../core.ts";
import * as errors from "../errors.ts";
import * as library from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { startWorker } from "./support/start_worker.ts";

const rootUrl = new URL("../", import.meta.url);
const root = fileURLToPath(rootUrl);
const { imports } = JSON.parse(Deno.readTextFileSync(`${root}deno.json`));
const tools = ["bun@1.4.5", "typescript@7.0.2", "@types/node@26.6.6", "@types/pg@8.23.1"];
const tscFlags = [
  ..."--noEmit --strict --exactOptionalPropertyTypes --skipLibCheck false".split(" "),
  ..."--target es2022 --module nodenext --moduleResolution nodenext".split(" "),
];

// Node is not asked for: npm runs on it, and where it is missing Deno itself answers to its name.
function isNpmHere(): boolean {
  try {
    return new Deno.Command("npm", { args: ["--version"] }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Runs a command to its end and gives what it printed. */
async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  const signal = AbortSignal.timeout(300_000);
  const output = await new Deno.Command(command, { args, cwd, signal }).output();
  const [stdout, stderr] = [output.stdout, output.stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  ) as [string, string];
  assert(output.success, `${command} ${args.join(" ")}\n${stdout}\n${stderr}`);
  return stdout;
}

/** The version that deno.json has of an npm package. */
function versionOf(name: string): string {
  return imports[name].split("@").at(-1);
}

/** Leaves `package.tgz` in the folder, and what is in it under `package/`. */
async function pack(folder: string): Promise<void> {
  const flags = ["--allow-dirty", "--no-source-maps", `--output=${folder}/package.tgz`];
  await run(root, Deno.execPath(), "pack", ...flags);
  await run(folder, "tar", "-xzf", "package.tgz");
}

async function install(folder: string, tarball: string): Promise<void> {
  await Deno.writeTextFile(`${folder}/package.json`, '{ "private": true, "type": "module" }');
  const packages = ["pg", "postgres", "superjson"].map((name) => `${name}@${versionOf(name)}`);
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", `--prefix=${folder}`];
  await run(folder, "npm", "install", ...flags, tarball, ...packages, ...tools);
  // Puts Bun's program in its place, which npm does by itself only where scripts are allowed.
  await run(folder, "node", "node_modules/bun/install.js");
}

/**
 * Makes one JavaScript file of the suite that finds the library and the drivers in the folder. The
 * stand-ins are used even where JSR is in reach, for `@std/assert` needs Node 22.
 */
async function bundleSuite(folder: string): Promise<void> {
  const standIns = Object.fromEntries(
    ["assert", "uuid"].map((name) => [
      `@std/${name}`,
      new URL(`tests/npm_only/${name}.ts`, rootUrl).href,
    ]),
  );
  const importMap = JSON.stringify({ imports: { ...imports, ...standIns } });
  const flags = [
    "--quiet",
    "--check",
    "--no-lock",
    `--import-map=data:application/json,${encodeURIComponent(importMap)}`,
    ...["@dbos-community/client", "pg", "postgres"].map((name) => `--external=${name}`),
    `--output=${folder}/suite.js`,
  ];
  await run(root, Deno.execPath(), "bundle", ...flags, "tests/packed/suite.ts");
}

/** Runs the suite as soon as all of the folder is there. */
async function runSuite(
  folder: string,
  ready: Promise<unknown>,
  runtime: string,
): Promise<void> {
  await using database = await createTestDatabase();
  await using _worker = await startWorker({ systemDatabaseUrl: database.url });
  await ready;
  const output = await run(folder, runtime, "suite.js", database.url);
  assertMatch(output, /\n[1-9]\d* passed, 0 failed\n$/);
}

async function filesIn(folder: string): Promise<string[]> {
  const listing = await run(folder, "tar", "-tzf", "package.tgz");
  return listing.trimEnd().split("\n").map((path) => path.replace("package/", "")).sort();
}

// The steps run side by side, which the sanitizers cannot tell apart.
const sideBySide = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

const isIgnored = !isNpmHere();
Deno.test({
  name: isIgnored ? "the packed package (skipped: npm is missing)" : "the packed package",
  ignore: isIgnored,
  ...sideBySide,
  async fn(test) {
    const folder = await Deno.makeTempDir();
    const [packed, installed] = [`${folder}/packed`, `${folder}/installed`];
    const step = (name: string, fn: () => Promise<void>) => test.step({ name, fn, ...sideBySide });
    try {
      await Deno.mkdir(packed);
      await Deno.mkdir(installed);
      await pack(packed);
      const ready = Promise.all([
        install(installed, `${packed}/package.tgz`),
        bundleSuite(installed),
      ]);
      await Promise.all([
        step("has the library, its SQL and its documents, and nothing else", async () => {
          const files = await filesIn(packed);
          const expected = [
            /^(package\.json|LICENSE|(sql\/)?README\.md|CHANGELOG\.md)$/,
            /^(mod|core|errors|client|src\/[\w/]+|sql\/\w+\/mod|sql\/statement)\.(js|d\.ts)$/,
            /^sql\/\w+\/\w+\.sql$/,
          ];
          const isExpected = (file: string) => expected.some((pattern) => pattern.test(file));
          assertEquals(files.filter((file) => !isExpected(file)), []);
          for (
            const file of ["LICENSE", "README.md", "mod.js", "mod.d.ts", "core.js", "errors.js"]
          ) {
            assert(files.includes(file), file);
          }
        }),
        step("names no path of the machine that packed it", async () => {
          for (const file of await filesIn(packed)) {
            const text = await Deno.readTextFile(`${packed}/package/${file}`);
            assert(!text.includes(rootUrl.href), file);
          }
        }),
        step("depends only on what it loads when that is needed", async () => {
          const manifest = JSON.parse(await Deno.readTextFile(`${packed}/package/package.json`));
          assertEquals(manifest.dependencies, {
            croner: `^${versionOf("croner")}`,
            pg: `^${versionOf("pg")}`,
            superjson: `^${versionOf("superjson")}`,
          });
          for (const key of ["peerDependencies", "optionalDependencies", "bundleDependencies"]) {
            assertEquals(manifest[key], undefined);
          }
        }),
        step("loads none of its dependencies when it is imported", async () => {
          // Here they are not installed.
          for (const [name, exported] of Object.entries({ mod: library, core, errors })) {
            const code = `import("./${name}.js").then((it) => console.log(Object.keys(it).join()))`;
            const names = await run(`${packed}/package`, "node", "-e", code);
            assertEquals(names.trim().split(","), Object.keys(exported));
          }
        }),
        step("type checks where it is used", async () => {
          await ready;
          await Deno.copyFile(`${root}tests/packed/consumer.ts`, `${installed}/consumer.ts`);
          await run(installed, "node_modules/.bin/tsc", ...tscFlags, "consumer.ts");
        }),
        step(
          "passes the conformance suite on Node",
          () => runSuite(installed, ready, "node"),
        ),
        step(
          "passes the conformance suite on Bun",
          () => runSuite(installed, ready, `${installed}/node_modules/.bin/bun`),
        ),
      ]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
