/**
 * `deno task pack [--output=FILE]` packs the package for npm: what `deno pack` makes, with its modules as
 * few files, with what starts the program, and with what it does not write in package.json: the minimum
 * versions, the program, optional packages, and the exact version of npm:@opentelemetry/api. A later
 * release would not find an SDK that was registered through an older one.
 */
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import type { ChunkingContext } from "rolldown";
import config from "../deno.json" with { type: "json" };

/** The minimum versions, as in README.md. */
export const engines = { deno: ">=2.2.0", node: "^20.18.0 || >=22.1.0", bun: ">=1.2.3" };

/** The program, which `npx` and `bunx` run. */
export const bin = { "dbos-client": "./bin/dbos_client.js" };

const starter = `#!/usr/bin/env node
import module from "node:module";
// Node 20 lacks it. npm:pg would load fetch to see that this is not Cloudflare: 15 ms.
globalThis.navigator ??= { userAgent: "Node.js" };
// Since Node 22. It saves compiling all files each time: 10 ms. Not in the folder for temporary files,
// where another user could put other code.
const home = process.env.HOME || process.env.USERPROFILE;
const cache = process.env.XDG_CACHE_HOME || home && home + "/.cache";
if (cache) module.enableCompileCache?.(cache + "/dbos-client");
await import("../src/cli/mod.js");
`;

/** Packages that only programs install which use what needs them, with the releases that work. */
export const optionalPeers: Readonly<Record<string, string>> = {
  // For the test worker: it has 27 MB.
  "@electric-sql/pglite": ">=0.3",
};

const root = fileURLToPath(new URL("../", import.meta.url));

async function run(command: string, ...args: string[]): Promise<string> {
  const output = await new Deno.Command(command, { args, cwd: root }).output();
  const [stdout, stderr] = [output.stdout, output.stderr].map((it) => new TextDecoder().decode(it));
  if (!output.success) throw new Error(`Cannot run ${command}:\n${stderr}`);
  return stdout!;
}

/** The modules that an entry point imports, and those that they import. */
function findImported(entryPoint: string, context: ChunkingContext): Set<string> {
  const modules = new Set<string>();
  const pending = [entryPoint];
  for (const module of pending) {
    for (const imported of context.getModuleInfo(module)?.importedIds ?? []) {
      if (!modules.has(imported)) pending.push(imported);
      modules.add(imported);
    }
  }
  return modules;
}

/**
 * Bundles the modules of each entry point, because the time of an import depends on the number of files:
 * Node takes a third of the time for what `core` loads. All of that is in one file, which every program
 * loads. What is loaded on demand stays in files of its own. Returns the names of the files.
 */
async function bundleModules(
  folder: string,
  entryPoints: readonly string[],
  packages: readonly string[],
): Promise<string[]> {
  // Tests import this module on runtimes that lack it.
  const { rolldown } = await import("rolldown");
  const bundle = await rolldown({
    input: Object.fromEntries(
      entryPoints.map((path) => [path.replace(/^\.\/|\.js$/g, ""), join(folder, path)]),
    ),
    external: [/^node:/, ...packages],
    platform: "node",
    // Some modules are loaded on demand by one and at once by another.
    checks: { ineffectiveDynamicImport: false },
    // No comments with the path of the folder.
    experimental: { attachDebugInfo: "none" },
  });
  let core: Set<string> | undefined;
  const { output } = await bundle.write({
    dir: folder,
    comments: false,
    chunkFileNames: "chunks/[name].js",
    codeSplitting: {
      groups: [{
        debugName: "core",
        name(module, context) {
          core ??= findImported(join(folder, "core.js"), context);
          return core.has(module) ? "core" : null;
        },
      }],
    },
  });
  await bundle.close();
  return output.map(({ fileName }) => fileName);
}

/** Packs the package into a file. */
export async function pack(output: string): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const packed = join(folder, "package.tgz");
    const flags = ["--allow-dirty", "--no-source-maps", `--output=${packed}`];
    await run(Deno.execPath(), "pack", ...flags);
    const files = (await run("tar", "-tzf", packed)).trim().split("\n");
    await run("tar", "-xzf", packed, "-C", folder);
    const manifestFile = join(folder, "package/package.json");
    const manifest = JSON.parse(await Deno.readTextFile(manifestFile));
    const api = "@opentelemetry/api";
    const dependencies = {
      ...manifest.dependencies,
      [api]: config.imports[api].split("@").at(-1),
    };
    for (const name in optionalPeers) delete dependencies[name];
    const peers = {
      peerDependencies: optionalPeers,
      peerDependenciesMeta: Object.fromEntries(
        Object.keys(optionalPeers).map((name) => [name, { optional: true }]),
      ),
    };
    const written = { ...manifest, bin, dependencies, ...peers, engines };
    await Deno.writeTextFile(manifestFile, JSON.stringify(written, null, 2));
    const entryPoints = Object.values<{ default: string }>(manifest.exports)
      .map((entryPoint) => entryPoint.default);
    const packages = [...Object.keys(dependencies), ...Object.keys(optionalPeers)];
    const packageFolder = join(folder, "package");
    const bundled = await bundleModules(packageFolder, entryPoints, packages);
    await Deno.mkdir(join(packageFolder, "bin"));
    await Deno.writeTextFile(join(packageFolder, bin["dbos-client"]), starter);
    // By their names, because packages for npm have no entries for folders.
    await run(
      "tar",
      ...["-czf", output, "-C", folder],
      ...files.filter((file) => !file.endsWith(".js")),
      ...[bin["dbos-client"], ...bundled].map((file) => join("package", file)),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { output: { type: "string" } } });
  const { name, version } = config;
  const output = resolve(
    values.output ?? `${name.replace("@", "").replace("/", "-")}-${version}.tgz`,
  );
  await pack(output);
  console.log(`packed ${basename(output)}`);
}
