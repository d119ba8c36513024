// Writes a mod.ts into each folder of sql/, of the statements that are there; with --check it only says
// whether they are up to date.

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

/**
 * What a line is marked with, if it is: the conditions under which it is there.
 *
 * A line that ends with a comment that is the name of a table or column, or of a parameter with its
 * colon, stays only where the schema has that, or the parameter is given; with `not` before it, only
 * where not. Of several, with commas between them, all must hold.
 */
function readConditions(line: string): string[] {
  const mark = line.startsWith("--") ? undefined : marker.exec(line)?.[0];
  return mark?.slice(3).split(", ") ?? [];
}

/**
 * The lines of a statement without its comments. Those that follow each other and have the same
 * conditions are one.
 */
function readLines(source: string): { code: string; conditions: string[] }[] {
  const lines: { code: string; conditions: string[] }[] = [];
  for (const line of source.split("\n")) {
    const conditions = readConditions(line);
    const code = line.replace(/--.*/, "").trim();
    const last = lines.at(-1);
    if (!code) continue;
    if (last?.conditions.join() === conditions.join()) last.code += ` ${code}`;
    else lines.push({ code, conditions });
  }
  return lines;
}

/** Drops the spaces inside of parentheses and after commas, but for those in quotes. */
function dropSpaces(code: string): string {
  return code.replace(
    /'[^']*'|"[^"]*"|\( | \)|, /g,
    (match) => /^['"]/.test(match) ? match : match.trim(),
  );
}

function nameOf(condition: string): string {
  return condition.replace("not ", "");
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
  const lines = readLines(source);
  const conditions = [...new Set(lines.flatMap(({ conditions }) => conditions.map(nameOf)))];
  // Lines that are marked with a parameter stay only where that is given.
  const parameters = formatType(
    parseColumns(file, header[2]!).map((column) => ({
      ...column,
      isOptional: conditions.includes(`:${column.name}`),
    })),
  );
  const row = formatType(parseColumns(file, rows));
  const toNumber = (condition: string) =>
    (conditions.indexOf(nameOf(condition)) + 1) * (condition.startsWith("not ") ? -1 : 1);
  const texts = lines.map(({ code, conditions }) => {
    const text = dropSpaces(code);
    return JSON.stringify(conditions.length > 0 ? [text, ...conditions.map(toNumber)] : text);
  });
  return `export const ${toCamelCase(header[1]!)}: Statement<${parameters}, ${row}> = {
  name: "${header[1]}",
  conditions: ${JSON.stringify(conditions)},
  lines: [${texts.join(",\n")}],
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
  if (!success) throw new Error("Cannot format the statements");
  return new TextDecoder().decode(stdout);
}

async function generate(folder: URL): Promise<string> {
  const files = [...Deno.readDirSync(folder)].map((entry) => entry.name)
    .filter((name) => name.endsWith(".sql")).sort();
  const statements = files.map((file) =>
    generateStatement(file, Deno.readTextFileSync(new URL(file, folder)))
  );
  return await format(
    `// Generated from the .sql files here by \`deno task sql\`: change those, not this.

import type { Statement } from "../statement.ts";

${statements.join("\n\n")}
`,
  );
}

async function isUpToDate(output: URL, code: string): Promise<boolean> {
  return await Deno.readTextFile(output).catch(() => "") === code;
}

const isCheck = Deno.args.includes("--check");
const sqlFolder = new URL(".", import.meta.url);
for (const { name, isDirectory } of Deno.readDirSync(sqlFolder)) {
  if (!isDirectory) continue;
  const folder = new URL(`${name}/`, sqlFolder);
  const output = new URL("mod.ts", folder);
  const code = await generate(folder);
  if (!isCheck) {
    await Deno.writeTextFile(output, code);
  } else if (!await isUpToDate(output, code)) {
    console.error(`sql/${name}/mod.ts is stale: run \`deno task sql\`.`);
    Deno.exitCode = 1;
  }
}
