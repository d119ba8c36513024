/** Tests the package that `deno task pack` creates, installed by npm, on Node and Bun. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import * as connect from "../connect.ts";
import * as core from "../core.ts";
import * as errors from "../errors.ts";
import * as library from "../mod.ts";
import { optionalPeers } from "../scripts/pack.ts";
import * as http from "../src/http/mod.ts";
import * as testing from "../src/testing/mod.ts";
import { bunTargets } from "./conformance/bun_targets.ts";
import { createTestDatabase } from "./support/database.ts";
import { startNeonProxy } from "./support/neon_proxy.ts";
import {
  bundle,
  bunFor,
  findMissingTool,
  install,
  node,
  pack,
  root,
  rootUrl,
  run,
  versionOf,
} from "./support/packed.ts";
import { startWorker } from "./support/start_worker.ts";

const tscFlags = [
  ..."--noEmit --strict --exactOptionalPropertyTypes --skipLibCheck false".split(" "),
  ..."--target es2022 --module nodenext --moduleResolution nodenext".split(" "),
];

// `deno task matrix` runs the suite over all of them.
const drivers = ["connect()", "npm:pg Pool", "npm:pg Client", "npm:postgres"];

/** Runs the suite once the folder is ready. */
async function runSuite(
  folder: string,
  ready: Promise<unknown>,
  runtime: string,
  drivers: readonly string[],
): Promise<void> {
  await using database = await createTestDatabase();
  await using _worker = await startWorker({ systemDatabaseUrl: database.url });
  await using proxy = await startNeonProxy(database.url);
  await ready;
  const output = await run(folder, runtime, "suite.js", database.url, proxy.url, ...drivers);
  assertMatch(output, /\n[1-9]\d* passed, 0 failed\n$/);
}

const sdk = "@opentelemetry/sdk-trace-node";

// The driver fails, which is recorded as well.
const tracingProgram = `
  import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "${sdk}";
  import { createClient, enqueue } from "@dbos-community/client";
  const exporter = new InMemorySpanExporter();
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
  const driver = { query: () => Promise.reject(new RangeError("no database")) };
  const client = createClient(driver, { tracing: true });
  await enqueue(client, { workflowName: "echo", queueName: "tasks" }).catch(() => {});
  for (const { name, attributes } of exporter.getFinishedSpans()) {
    console.log(name, attributes["error.type"]);
  }
`;

async function filesIn(folder: string): Promise<string[]> {
  const listing = await run(folder, "tar", "-tzf", "package.tgz");
  return listing.trimEnd().split("\n").map((path) => path.replace("package/", "")).sort();
}

/** The files that a module imports, and those that they import, but not those that it loads on demand. */
async function findImported(path: string): Promise<URL[]> {
  const files = new Map<string, URL>();
  const pending = [new URL(`file://${path}`)];
  for (const file of pending) {
    const code = await Deno.readTextFile(file);
    for (const [, imported] of code.matchAll(/(?:\bfrom|^import) "(\.[^"]+)"/gm)) {
      const url = new URL(imported!, file);
      if (!files.has(url.href)) pending.push(url);
      files.set(url.href, url);
    }
  }
  return [...files.values()];
}

// The steps run concurrently, which the sanitizers do not support.
const withoutSanitizers = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

const missingTool = findMissingTool();
Deno.test({
  name: `the packed package${missingTool ? ` (skipped: ${missingTool})` : ""}`,
  ignore: missingTool !== undefined,
  ...withoutSanitizers,
  async fn(test) {
    const folder = await Deno.makeTempDir();
    const [packed, installed] = [`${folder}/packed`, `${folder}/installed`];
    const step = (name: string, fn: () => Promise<void>) =>
      test.step({ name, fn, ...withoutSanitizers });
    try {
      await Deno.mkdir(packed);
      await Deno.mkdir(installed);
      await pack(packed);
      const ready = Promise.all([
        install(installed, `${packed}/package.tgz`, `${sdk}@${versionOf(sdk)}`),
        bundle("tests/packed/suite.ts", `${installed}/suite.js`),
      ]);
      await Promise.all([
        step("contains the library, its SQL and its documents, and nothing else", async () => {
          const files = await filesIn(packed);
          const expected = [
            /^(package\.json|LICENSE|(sql\/)?README\.md|CHANGELOG\.md)$/,
            /^(mod|core|connect|errors|src\/(cli|http|testing)\/mod|chunks\/\w+)\.js$/,
            /^(mod|core|connect|errors|client|src\/[\w/]+|sql\/\w+\/mod|sql\/statement)\.d\.ts$/,
            /^sql\/\w+\/\w+\.sql$/,
            /^bin\/[\w-]+\.js$/,
          ];
          const isExpected = (file: string) => expected.some((pattern) => pattern.test(file));
          assertEquals(files.filter((file) => !isExpected(file)), []);
          for (
            const file of [
              "LICENSE",
              "README.md",
              "mod.js",
              "mod.d.ts",
              "core.js",
              "connect.js",
              "errors.js",
              "bin/dbos_client.js",
            ]
          ) {
            assert(files.includes(file), file);
          }
        }),
        step("has what core needs in one file", async () => {
          const imported = await findImported(`${packed}/package/core.js`);
          const texts = await Promise.all(imported.map((file) => Deno.readTextFile(file)));
          // The other one has nothing but an import.
          assertEquals(texts.filter((text) => /^(function|const|class) /m.test(text)).length, 1);
          assert(texts.join("").includes("insert into :schema.workflow_status"));
        }),
        step("contains no path of the machine that packed it", async () => {
          for (const file of await filesIn(packed)) {
            const text = await Deno.readTextFile(`${packed}/package/${file}`);
            assert(!text.includes(rootUrl.href), file);
            // Bundlers name the module that follows.
            assert(!/^\/\/ \S*package\//m.test(text), file);
          }
        }),
        step("depends only on packages that it loads on demand", async () => {
          const manifest = JSON.parse(await Deno.readTextFile(`${packed}/package/package.json`));
          assertEquals(manifest.dependencies, {
            "@opentelemetry/api": versionOf("@opentelemetry/api"),
            "@stricli/core": `^${versionOf("@stricli/core")}`,
            croner: `^${versionOf("croner")}`,
            pg: `^${versionOf("pg")}`,
            superjson: `^${versionOf("superjson")}`,
          });
          for (const key of ["optionalDependencies", "bundleDependencies"]) {
            assertEquals(manifest[key], undefined);
          }
          assertEquals(manifest.peerDependencies, optionalPeers);
          for (const name in optionalPeers) {
            assertEquals(manifest.peerDependenciesMeta[name], { optional: true });
          }
        }),
        step("loads no dependency on import", async () => {
          // The dependencies are not installed in this folder.
          const entryPoints = {
            ...{ mod: library, core, connect, errors },
            ...{ "src/http/mod": http, "src/testing/mod": testing },
          };
          for (const [name, exported] of Object.entries(entryPoints)) {
            const code = `import("./${name}.js").then((it) => console.log(Object.keys(it).join()))`;
            const names = await run(`${packed}/package`, node, "-e", code);
            assertEquals(names.trim().split(","), Object.keys(exported));
          }
        }),
        step("type checks in a project that uses it", async () => {
          await ready;
          await Deno.copyFile(`${root}tests/packed/consumer.ts`, `${installed}/consumer.ts`);
          await run(installed, "node_modules/.bin/tsc", ...tscFlags, "consumer.ts");
        }),
        step("gives its spans to the SDK of OpenTelemetry, on Node and Bun", async () => {
          await ready;
          await Deno.writeTextFile(`${installed}/tracing.js`, tracingProgram);
          for (const runtime of [node, bunFor(installed)]) {
            assertEquals(
              await run(installed, runtime, "tracing.js"),
              "enqueue tasks RangeError\n",
            );
          }
        }),
        step(
          "passes the conformance suite on Node",
          () => runSuite(installed, ready, node, drivers),
        ),
        step(
          "passes the conformance suite on Bun",
          () =>
            runSuite(installed, ready, bunFor(installed), [...drivers, ...Object.keys(bunTargets)]),
        ),
      ]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
