/** How large a program is that enqueues and waits, without its driver. */

import { fileURLToPath } from "node:url";
import { type Row, toCostRow } from "./measure.ts";

// Drivers; superjson, which only native values need; and what the official client has as options.
const externals = {
  official: ["pg", "superjson", "@opentelemetry/*", "winston", "winston-transport"],
  ours: ["pg", "postgres", "superjson"],
};

async function bundle(name: keyof typeof externals): Promise<Uint8Array<ArrayBuffer>> {
  const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  const output = await Deno.makeTempFile({ suffix: ".js" });
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "bundle",
        "--minify",
        `--config=${pathOf("../deno.json")}`,
        `--output=${output}`,
        ...externals[name].map((external) => `--external=${external}`),
        pathOf(`programs/wait_${name}.ts`),
      ],
    }).output();
    if (!success) throw new Error(`Cannot bundle ${name}:\n${new TextDecoder().decode(stderr)}`);
    return await Deno.readFile(output);
  } finally {
    await Deno.remove(output);
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
