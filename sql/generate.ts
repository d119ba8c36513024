// Writes sql/mod.ts from sql/*.sql; with --check it only says whether sql/mod.ts is up to date.

interface Column {
  name: string;
  type: string;
}

const types: Record<string, string> = { text: "string", int: "number", boolean: "boolean" };
const marker = /-- (not )?:?[a-z_.]+(, (not )?:?[a-z_.]+)*$/;

function parseColumns(file: string, list: string): Column[] {
  return list.split(",").map((item) => item.trim()).filter(Boolean).map((item) => {
    const match = /^([a-z_]+) ([a-z]+)(\??)$/.exec(item);
    const type = types[match?.[2] ?? ""];
    if (!match || !type) throw new SyntaxError(`Cannot read "${item}" in the header of ${file}`);
    return { name: match[1]!, type: match[3] ? `${type} | null` : type };
  });
}

function formatType(columns: Column[]): string {
  if (columns.length === 0) return "Record<never, never>";
  return `{\n${columns.map(({ name, type }) => `  ${name}: ${type};\n`).join("")}}`;
}

function toCamelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The statement without its comments, markers of lines excepted: they are read at run time. */
function stripComments(source: string): string {
  return source.split("\n")
    .map((line) => marker.test(line) && !line.startsWith("--") ? line : line.replace(/--.*/, ""))
    .map((line) => line.trim())
    .filter(Boolean)
    .join("\n");
}

/** The comment that a file begins with, as one line. */
function readLeadingComment(source: string): string {
  return (/^(?:--.*\n)*/.exec(source)?.[0] ?? "").replace(/^-- */gm, "").replaceAll("\n", " ");
}

function generateStatement(file: string, source: string): string {
  const comment = readLeadingComment(source);
  const header = /^([a-z_]+)\(([^)]*)\) (?:one|optional|many|none) /.exec(comment);
  if (!header || `${header[1]}.sql` !== file) {
    throw new SyntaxError(`Cannot read ${file}: it must begin with "-- name(parameters) many"`);
  }
  const rows = [...source.matchAll(/^-- row: (.*)$/gm)].map((match) => match[1]).join(" ");
  const parameters = formatType(parseColumns(file, header[2]!));
  const row = formatType(parseColumns(file, rows));
  return `export const ${toCamelCase(header[1]!)}: Statement<${parameters}, ${row}> = {
  name: "${header[1]}",
  text: \`\n${stripComments(source)}\`,
};`;
}

async function format(code: string): Promise<string> {
  const formatter = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--line-width=100", "--ext=ts", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = formatter.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { success, stdout } = await formatter.output();
  if (!success) throw new Error("Cannot format sql/mod.ts");
  return new TextDecoder().decode(stdout);
}

async function generate(directory: URL): Promise<string> {
  const files = [...Deno.readDirSync(directory)].map((entry) => entry.name)
    .filter((name) => name.endsWith(".sql")).sort();
  const statements = files.map((file) =>
    generateStatement(file, Deno.readTextFileSync(new URL(file, directory)))
  );
  return await format(`// Generated from sql/*.sql by \`deno task sql\`: change those, not this.

/** A statement of sql/, with the types of its parameters and of its rows. */
export interface Statement<Parameters, Row> {
  readonly name: string;
  readonly text: string;
  readonly parameters?: Parameters;
  readonly row?: Row;
}

${statements.join("\n\n")}
`);
}

const directory = new URL(".", import.meta.url);
const output = new URL("mod.ts", directory);
const code = await generate(directory);
if (!Deno.args.includes("--check")) {
  await Deno.writeTextFile(output, code);
} else if (code !== await Deno.readTextFile(output)) {
  console.error("sql/mod.ts is stale: run `deno task sql`.");
  Deno.exit(1);
}
