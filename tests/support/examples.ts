/** The examples of the documentation, as programs. */

const root = new URL("../../", import.meta.url);

export interface Example {
  /** Where it stands: `README.md:32`. */
  readonly place: string;
  readonly code: string;
}

const block = /^([ *]*)```ts\n([^]*?)^\1```$/gm;

function findIn(path: string): Example[] {
  const text = Deno.readTextFileSync(new URL(path, root));
  return [...text.matchAll(block)].map((match) => {
    const [, margin, body] = match as unknown as [string, string, string];
    const line = text.slice(0, match.index).split("\n").length;
    const lines = body.split("\n").map((line) => line.slice(margin.length));
    return { place: `${path}:${line}`, code: lines.join("\n") };
  });
}

function listFiles(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap(({ name, isDirectory }) =>
    isDirectory ? listFiles(`${folder}${name}/`) : [`${folder}${name}`]
  );
}

/** The examples of the README and of the doc comments, in the order in which they stand. */
export function findExamples(): Example[] {
  const sources = listFiles("src/").filter((path) => path.endsWith(".ts")).sort();
  return ["README.md", "mod.ts", "core.ts", "errors.ts", "client.ts", ...sources].flatMap(findIn);
}
