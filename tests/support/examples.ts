/** Finds the examples of the documentation: its code blocks, which are programs and workers. */

const root = new URL("../../", import.meta.url);

export interface Example {
  /** Its file and line: `README.md:32`. */
  readonly place: string;
  /** The last heading above it; empty in a doc comment. */
  readonly heading: string;
  readonly language: "ts" | "js" | "python";
  readonly code: string;
}

/** A file with examples. */
export interface Document {
  readonly path: string;
  /** Its workers. Its programs need one of them to run. */
  readonly workers: readonly Example[];
  /** The other examples in order. Each is a whole program. */
  readonly programs: readonly Example[];
}

const block = /^([ *]*)```(ts|js|python)\n([^]*?)^\1```$/gm;

function findBlocks(path: string): Example[] {
  const text = Deno.readTextFileSync(new URL(path, root));
  return [...text.matchAll(block)].map((match) => {
    const [, margin, language, body] = match as unknown as [string, string, string, string];
    const above = text.slice(0, match.index);
    const lines = body.split("\n").map((line) => line.slice(margin.length));
    return {
      place: `${path}:${above.split("\n").length}`,
      heading: [...above.matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? "",
      language: language as Example["language"],
      code: lines.join("\n"),
    };
  });
}

function isWorker({ code }: Example): boolean {
  return code.includes("DBOS.launch()");
}

/** Reads a file and finds its examples. */
export function readDocument(path: string): Document {
  const blocks = findBlocks(path);
  return {
    path,
    workers: blocks.filter(isWorker),
    programs: blocks.filter((example) => !isWorker(example)),
  };
}

function listFiles(folder: string, extension: string): string[] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return listFiles(`${folder}${name}/`, extension);
    return name.endsWith(extension) ? [`${folder}${name}`] : [];
  }).sort();
}

/** Finds the files with examples: the README, guides, and source files with doc comments. */
export function findDocuments(): Document[] {
  const guides = listFiles("docs/", ".md");
  const entryPoints = ["mod.ts", "core.ts", "errors.ts", "connect.ts", "client.ts"];
  const paths = ["README.md", ...guides, ...entryPoints, ...listFiles("src/", ".ts")];
  return paths.map(readDocument).filter(({ programs }) => programs.length > 0);
}

/** The output in the comments of a program, as in `console.log(result); // task 7 is done`. */
export function expectedOutput({ code }: Pick<Example, "code">): string[] {
  return [...code.matchAll(/\bconsole\.log\(.*\); \/\/ (.*)$/gm)].map(([, line]) => line!);
}
