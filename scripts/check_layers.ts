/**
 * Fails if a module imports from a layer above its own, or if imports form a cycle. Type-only
 * imports count as well.
 *
 * `deno run -A scripts/check_layers.ts [root instead of this repository]`
 */
import { existsSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The layers, from the top down. A module may import from its own layer and from those below. */
const layers: readonly (readonly string[])[] = [
  ["src/cli/"],
  ["mod.ts"],
  ["core.ts", "errors.ts"],
  ["src/testing/"],
  ["connect.ts"],
  ["client.ts"],
  ["src/http/"],
  ["src/connection/"],
  ["src/queues/", "src/schedules/"],
  ["src/applications/", "src/lists/", "src/messages/"],
  ["src/workflows/"],
  ["src/batching/", "src/polling/"],
  ["src/client/"],
  ["src/database/"],
  ["src/tracing/"],
  ["src/drivers/", "src/serialization/"],
  [
    "src/contracts/",
    "src/errors/",
    "src/explanation.ts",
    "src/event_loop.ts",
    "src/logger.ts",
    "src/options.ts",
    "src/promises.ts",
    "src/read_in_slices.ts",
    "src/uuid_v7.ts",
    "src/validate.ts",
  ],
  ["sql/"],
];

interface Dependency {
  code?: { specifier?: string };
  type?: { specifier?: string };
}

interface Info {
  modules: { specifier: string; dependencies?: Dependency[] }[];
}

async function readImports(root: URL): Promise<Map<string, string[]>> {
  const optional = ["src/cli/mod.ts", "src/http/mod.ts", "src/testing/mod.ts"];
  const entryPoints = ["mod.ts", "core.ts", "errors.ts"].concat(
    optional.filter((path) => existsSync(new URL(path, root))),
  );
  const imports = new Map<string, string[]>();
  const toPath = (specifier: string | undefined) =>
    specifier?.startsWith(root.href) ? relative(fileURLToPath(root), fileURLToPath(specifier)) : "";
  for (const entryPoint of entryPoints) {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--no-lock", fileURLToPath(new URL(entryPoint, root))],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    const { modules }: Info = JSON.parse(new TextDecoder().decode(stdout));
    for (const { specifier, dependencies = [] } of modules) {
      const targets = dependencies.flatMap(({ code, type }) => [code, type])
        .map((target) => toPath(target?.specifier)).filter(Boolean);
      if (toPath(specifier)) imports.set(toPath(specifier), [...new Set(targets)]);
    }
  }
  return imports;
}

function layerOf(path: string): number {
  const layer = layers.findIndex((places) => places.some((place) => path.startsWith(place)));
  if (layer < 0) throw new Error(`Cannot check ${path}: it is in no layer of ${import.meta.url}`);
  return layer;
}

function findImportsFromAbove(imports: Map<string, string[]>): string[] {
  return [...imports].flatMap(([path, targets]) =>
    targets.filter((target) => layerOf(target) < layerOf(path))
      .map((target) => `${path} imports from a layer above: ${target}`)
  );
}

/** Finds each cycle once, as the path from a module back to itself. */
function findCycles(imports: Map<string, string[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  function visit(path: string, trail: readonly string[]): void {
    if (trail.includes(path)) {
      cycles.push(`cycle: ${[...trail.slice(trail.indexOf(path)), path].join(" → ")}`);
    } else if (!done.has(path)) {
      for (const target of imports.get(path) ?? []) visit(target, [...trail, path]);
      done.add(path);
    }
  }
  for (const path of imports.keys()) visit(path, []);
  return cycles;
}

const [folder] = Deno.args;
const root = folder ? pathToFileURL(`${folder}/`) : new URL("../", import.meta.url);
const imports = await readImports(root);
const problems = [...findImportsFromAbove(imports), ...findCycles(imports)];
for (const problem of problems) console.error(problem);
if (problems.length > 0) Deno.exit(1);
console.log(`${imports.size} modules: no cycle, no import from a layer above`);
