/** What bounds the start of a program: the statements of its first call, and the modules that it reads. */

import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { enqueue } from "../core.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Dependency {
  readonly code?: { readonly specifier?: string };
  readonly isDynamic?: boolean;
}

interface ModuleGraph {
  readonly modules: { readonly specifier: string; readonly dependencies?: Dependency[] }[];
}

/** Records the statements of a first `enqueue()` as JSON, in which `WORKFLOW_ID` is that of the workflow. */
export async function recordStatements(url: string): Promise<string> {
  const pool = new pg.Pool({ connectionString: url });
  const statements: object[] = [];
  const driver = {
    async query(text: string, values: readonly unknown[]) {
      statements.push({ name: `statement_${statements.length}`, text, values });
      return (await pool.query(text, [...values])).rows;
    },
    transactionStatus: () => "none" as const,
  };
  const { workflowID } = await enqueue(driver, { workflowName: "echo", queueName: "idle" }, 1);
  await pool.end();
  return JSON.stringify(statements).replaceAll(workflowID, "WORKFLOW_ID");
}

/**
 * Writes a module without code for each that Deno reads for `core.ts`, with the same imports of each other,
 * loaded at once or on demand. Returns how many are loaded at once, and how many are read.
 */
export async function writeEmptyModules(folder: string): Promise<{ loaded: number; read: number }> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", `--config=${join(root, "deno.json")}`, join(root, "core.ts")],
  }).output();
  const { modules }: ModuleGraph = JSON.parse(new TextDecoder().decode(stdout));
  const importsOf = new Map(modules.map(({ specifier, dependencies = [] }) => [
    specifier,
    // Types are not read, and packages are read when they are loaded.
    dependencies.filter(({ code }) => code?.specifier?.startsWith("file:")).map(
      ({ code, isDynamic = false }) => ({ specifier: code!.specifier!, isDynamic }),
    ),
  ]));
  const start = new URL("../core.ts", import.meta.url).href;
  const loaded = new Set([start]);
  for (const specifier of loaded) {
    for (const imported of importsOf.get(specifier) ?? []) {
      if (!imported.isDynamic) loaded.add(imported.specifier);
    }
  }
  const read = new Set([start]);
  const toPath = (specifier: string) => join(folder, relative(root, fileURLToPath(specifier)));
  for (const specifier of read) {
    const path = toPath(specifier);
    const lines = importsOf.get(specifier)!.map((imported) => {
      read.add(imported.specifier);
      const target = JSON.stringify(`./${relative(dirname(path), toPath(imported.specifier))}`);
      return imported.isDynamic ? `() => import(${target});` : `import ${target};`;
    });
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, `${lines.join("\n")}\n`);
  }
  return { loaded: loaded.size, read: read.size };
}
