// Writes sql/mod.ts from sql/*.sql; with --check it only says whether sql/mod.ts is up to date.

interface Column {
  name: string;
  type: string;
  isOptional?: boolean;
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
  const lines = columns.map(({ name, type, isOptional }) =>
    isOptional ? `  ${name}?: ${type} | undefined;\n` : `  ${name}: ${type};\n`
  );
  return `{\n${lines.join("")}}`;
}

function toCamelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** What a line is marked with, if it is. */
function markOf(line: string): string {
  return line.startsWith("--") ? "" : marker.exec(line)?.[0] ?? "";
}

/**
 * The statement without its comments but for the markers of lines, which are read at run time. Lines
 * that follow each other and have the same marker are one.
 */
function toText(source: string): string {
  const lines: { code: string; mark: string }[] = [];
  for (const line of source.split("\n")) {
    const mark = markOf(line);
    const code = line.replace(/--.*/, "").trim();
    const last = lines.at(-1);
    if (!code) continue;
    if (last?.mark === mark) last.code += ` ${code}`;
    else lines.push({ code, mark });
  }
  return lines.map(({ code, mark }) => `${code} ${mark}`.trimEnd()).join("\n");
}

/** The parameters that lines are marked with: those lines stay only where the parameter is given. */
function findOptional(source: string): Set<string> {
  const markers = source.split("\n").map(markOf).join("\n");
  return new Set([...markers.matchAll(/:([a-z_]+)/g)].map((match) => match[1]!));
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
  const optional = findOptional(source);
  const parameters = formatType(
    parseColumns(file, header[2]!).map((column) => ({
      ...column,
      isOptional: optional.has(column.name),
    })),
  );
  const row = formatType(parseColumns(file, rows));
  return `export const ${toCamelCase(header[1]!)}: Statement<${parameters}, ${row}> = {
  name: "${header[1]}",
  text: \`${toText(source)}\`,
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
