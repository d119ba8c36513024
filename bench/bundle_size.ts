/**
 * The size of a program that enqueues and waits, without its driver: what it loads if the bundler splits
 * code that is loaded on demand, and a single file, which holds all of that. What runs of the single file
 * while nothing fails bounds both: the rest is for other drivers, values, schemas and calls, and for faults.
 */

import * as esbuild from "esbuild";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measureExecuted } from "./executed_code.ts";
import { type BenchOptions, type Row, toCostRow } from "./measure.ts";

// Drivers, superjson (needed for native values only), and optional packages.
const externals = {
  official: ["pg", "superjson", "@opentelemetry/*", "winston", "winston-transport"],
  ours: ["pg", "postgres", "superjson", "@opentelemetry/*"],
};

/** Code that is loaded on demand, and that the program needs. */
const waiting = /^wait_for_result-/;

interface Bundle {
  readonly code: Uint8Array<ArrayBuffer>;
  /** The minified bytes of each folder of this library. */
  readonly bytesOf: ReadonlyMap<string, number>;
}

const root = fileURLToPath(new URL("../", import.meta.url));

function pathOf(program: string): string {
  return join(root, "bench/programs", program);
}

/** Bundles the program of the official client, which loads nothing on demand, as a single file. */
async function bundleOfficial(): Promise<Uint8Array<ArrayBuffer>> {
  const file = await Deno.makeTempFile({ suffix: ".js" });
  try {
    // esbuild alone does not find the packages that Deno has installed.
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "bundle",
        "--minify",
        `--config=${join(root, "deno.json")}`,
        `--output=${file}`,
        ...externals.official.map((external) => `--external=${external}`),
        pathOf("wait_official.ts"),
      ],
    }).output();
    if (!success) throw new Error(`Cannot bundle:\n${new TextDecoder().decode(stderr)}`);
    return await Deno.readFile(file);
  } finally {
    await Deno.remove(file);
  }
}

/** The files that a program loads: its own, that for waiting, and what they import. */
function findLoaded({ outputs }: esbuild.Metafile): Set<string> {
  const loaded = new Set(
    Object.keys(outputs).filter((file) =>
      outputs[file]!.entryPoint?.endsWith("wait_ours.ts") || waiting.test(file)
    ),
  );
  for (const file of loaded) {
    for (const { path, kind } of outputs[file]!.imports) {
      if (kind === "import-statement" && path in outputs) loaded.add(path);
    }
  }
  return loaded;
}

/** A folder of this library: `sql`, or one of `src`. */
function folderOf(input: string): string {
  return /^(sql|src\/\w+(?=\/))/.exec(input)?.[0] ?? "other files";
}

async function bundleOurs(splitting: boolean): Promise<Bundle> {
  const { metafile, outputFiles } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [pathOf("wait_ours.ts")],
    bundle: true,
    minify: true,
    format: "esm",
    splitting,
    outdir: root,
    write: false,
    metafile: true,
    external: externals.ours,
  });
  const loaded = findLoaded(metafile);
  const contents = outputFiles.filter(({ path }) => loaded.has(path.slice(root.length)))
    .map(({ contents }) => contents);
  const bytesOf = new Map<string, number>();
  for (const file of loaded) {
    for (const [input, { bytesInOutput }] of Object.entries(metafile.outputs[file]!.inputs)) {
      const folder = folderOf(input);
      bytesOf.set(folder, (bytesOf.get(folder) ?? 0) + bytesInOutput);
    }
  }
  return { code: await new Blob(contents as BlobPart[]).bytes(), bytesOf };
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).bytes()).length;
}

function formatKilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`;
}

/** What the bundles consist of, by folders. */
function toFolderRows(split: Bundle, single: Bundle): Row[] {
  return [...single.bytesOf].sort(([, a], [, b]) => b - a).map(([folder, bytes]) => ({
    work: `of which ${folder}: loaded, and in a single file`,
    official: "",
    ours: `${formatKilobytes(split.bytesOf.get(folder) ?? 0)}, ${formatKilobytes(bytes)}`,
    ratio: undefined,
  }));
}

export async function compareBundleSize({ url }: BenchOptions): Promise<Row[]> {
  const official = await bundleOfficial();
  const [split, single] = await Promise.all([bundleOurs(true), bundleOurs(false)]);
  await esbuild.stop();
  const rows = await Promise.all(
    Object.entries({ "minified": split, "in a single file, minified": single }).map(
      async ([how, { code }]) => {
        const work = `program that enqueues and waits, without its driver, ${how}`;
        return [
          toCostRow(work, official.length, code.length, formatKilobytes),
          toCostRow(`${work} and gzipped`, await gzip(official), await gzip(code), formatKilobytes),
        ];
      },
    ),
  );
  const executed = await measureExecuted(single.code, url);
  return [
    ...rows.flat(),
    {
      work: "of which runs, in a single file, when one workflow is enqueued and ends well",
      official: "",
      ours: formatKilobytes(executed),
      ratio: undefined,
    },
    ...toFolderRows(split, single),
  ];
}
