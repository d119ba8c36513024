/** The size of a program that enqueues and waits: all code that it loads, without its driver. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Row, toCostRow } from "./measure.ts";

// Drivers, superjson (needed for native values only), and optional packages of the official client.
const externals = {
  official: ["pg", "superjson", "@opentelemetry/*", "winston", "winston-transport"],
  ours: ["pg", "postgres", "superjson"],
};

/** Code that is loaded on demand, and that the program needs. */
const waiting = /^wait_for_result-/;

/** Reads the code of a bundle that a program loads: its own, that for waiting, and imports. */
async function readLoaded(folder: string, file: string): Promise<string> {
  const files = new Set([file, ...listFiles(folder).filter((name) => waiting.test(name))]);
  let code = "";
  for (const name of files) {
    const text = await Deno.readTextFile(join(folder, name));
    for (const [, imported] of text.matchAll(/(?:from|import)"\.\/([^"]+)"/g)) files.add(imported!);
    code += text;
  }
  return code;
}

function listFiles(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name);
}

async function bundle(name: keyof typeof externals): Promise<Uint8Array<ArrayBuffer>> {
  const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  const folder = await Deno.makeTempDir();
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "bundle",
        "--minify",
        "--code-splitting",
        `--config=${pathOf("../deno.json")}`,
        `--outdir=${folder}`,
        ...externals[name].map((external) => `--external=${external}`),
        pathOf(`programs/wait_${name}.ts`),
      ],
    }).output();
    if (!success) throw new Error(`Cannot bundle ${name}:\n${new TextDecoder().decode(stderr)}`);
    return new TextEncoder().encode(await readLoaded(folder, `wait_${name}.js`));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).bytes()).length;
}

function formatKilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`;
}

export async function compareBundleSize(): Promise<Row[]> {
  const [official, ours] = await Promise.all([bundle("official"), bundle("ours")]);
  const work = "program that enqueues and waits, without its driver";
  return [
    toCostRow(`${work}, minified`, official.length, ours.length, formatKilobytes),
    toCostRow(`${work}, gzipped`, await gzip(official), await gzip(ours), formatKilobytes),
  ];
}
