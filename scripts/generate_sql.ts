/**
 * Writes a mod.ts to each folder of sql/, with the statements of its .sql files. With --check it
 * writes nothing, and fails if one of them is stale. sql/README.md describes the notation.
 *
 * `deno run -A scripts/generate_sql.ts [--check] [folder instead of sql/]`
 */
import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";

interface Column {
  name: string;
  isOptional: boolean;
  isNullable: boolean;
  type: string;
}

interface Header {
  name: string;
  parameters: Column[];
  row: Column[];
  needs: { columns: string[]; feature: string } | undefined;
}

/** A line of the select list that names a column, and the conditions under which it is kept. */
interface SelectedColumn {
  name: string;
  conditions: string[];
}

type Types = Readonly<Record<string, string>>;

const parameterTypes: Types = { text: "string", int: "number", boolean: "boolean" };
const rowTypes: Types = { ...parameterTypes, bigint: "string" };
const condition = /^(?:not )?(?::[a-z_]+|[a-z_]+(?:\.[a-z_]+)?)$/;

class InvalidFileError extends Error {
  constructor(file: string, problem: string) {
    super(`Cannot generate ${file}: ${problem}`);
  }
}

function parseColumns(file: string, list: string, types: Types): Column[] {
  return list.split(",").map((item) => item.trim()).filter(Boolean).map((item) => {
    const match = /^([a-z_]+)(\??) ([a-z]+)(\??)$/.exec(item);
    const type = match?.[3] ?? "";
    if (!match || !types[type]) {
      throw new InvalidFileError(file, `invalid column "${item}" in its header`);
    }
    return { name: match[1]!, isOptional: match[2] === "?", isNullable: match[4] === "?", type };
  });
}

/** Splits a file into its header comment and the lines after it. */
function splitSource(source: string): { comment: string[]; lines: string[] } {
  const lines = source.trimEnd().split("\n");
  const start = lines.findIndex((line) => !line.startsWith("--"));
  return {
    comment: lines.slice(0, start).map((line) => line.replace(/^-- ?/, "")),
    lines: lines.slice(start),
  };
}

function parseHeader(file: string, comment: readonly string[]): Header {
  const text = comment.join(" ");
  const match = /^([a-z_]+)\(([^)]*)\) (?:one|optional|many|none) /.exec(`${text} `);
  if (!match || `${match[1]}.sql` !== file) {
    throw new InvalidFileError(file, 'it must begin with "-- name(parameters) many"');
  }
  const valuesOf = (keyword: string) =>
    comment.filter((line) => line.startsWith(keyword)).map((line) => line.slice(keyword.length));
  const needs = valuesOf("needs ").join(" ");
  const [, columns, feature] = /^(.+) for (.+)$/.exec(needs) ?? [];
  if (needs && !feature) {
    throw new InvalidFileError(file, 'its needs must be "-- needs column, column for feature"');
  }
  return {
    name: match[1]!,
    parameters: parseColumns(file, match[2]!, parameterTypes),
    row: parseColumns(file, valuesOf("row: ").join(" "), rowTypes),
    needs: feature ? { columns: columns!.split(", "), feature } : undefined,
  };
}

/** The conditions of a line; empty if it has none. */
function conditionsOf(line: string): string[] {
  const [, conditions] = / ?-- if (.*)$/.exec(line) ?? [];
  return conditions?.split(" and ") ?? [];
}

/** Removes the comments that are not part of the notation. */
function removeComments(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/\s*-- (?!if |end$).*/, "").trimEnd()).filter(Boolean);
}

function checkBody(file: string, { parameters }: Header, lines: readonly string[]): void {
  for (const text of lines.flatMap(conditionsOf)) {
    if (!condition.test(text)) throw new InvalidFileError(file, `invalid condition "${text}"`);
  }
  let depth = 0;
  for (const line of lines) {
    if (/^\s*-- if /.test(line)) depth++;
    if (/^\s*-- end$/.test(line)) depth--;
    if (depth < 0) throw new InvalidFileError(file, "an end has no if");
  }
  if (depth > 0) throw new InvalidFileError(file, "an if has no end");

  const used = new Set(lines.join("\n").match(/(?<!:):[a-z_]+/g));
  used.delete(":schema");
  // The query runner tells which of them are given by the bits of a number.
  if (used.size > 50) throw new InvalidFileError(file, "it has more than 50 parameters");
  const declared = parameters.map(({ name }) => `:${name}`);
  if ([...used].join() !== declared.join()) {
    throw new InvalidFileError(
      file,
      `its header must have the parameters that it uses, in that order: ${[...used].join()}`,
    );
  }
}

/** The lines of the list that is returned, without the list's own indentation. */
function selectListOf(lines: readonly string[]): string[] {
  // An insert may have a select as well.
  const returning = lines.findIndex((line) => /^returning\b/.test(line));
  const start = returning < 0 ? lines.findIndex((line) => /^select\b/.test(line)) : returning;
  const end = lines.findIndex((line, index) => index > start && /^[a-z]/.test(line));
  const [first = "", ...others] = lines.slice(start, end < 0 ? undefined : end);
  const rest = first.replace(/^\S+ ?/, "");
  return [...rest ? [rest] : [], ...others.map((line) => line.replace(/^ {2}/, ""))];
}

/** The columns of a select list. A line inside of parentheses, which is indented, names none. */
function selectedColumns(file: string, list: readonly string[]): SelectedColumn[] {
  const blocks: string[][] = [];
  return list.flatMap((line) => {
    const conditions = conditionsOf(line);
    const code = line.replace(/\s*-- .*/, "").replace(/,$/, "");
    if (/^-- if /.test(line)) blocks.push(conditions);
    if (/^-- end$/.test(line)) blocks.pop();
    if (!code || /^ |\($/.test(code)) return [];
    const [, name] = /(?:^|[ .])([a-z_]+)(?:::[a-z]+)?$/.exec(code) ?? [];
    if (!name) throw new InvalidFileError(file, `no name for the column "${code}"`);
    const parameters = code.match(/(?<!:):(?!schema\b)[a-z_]+/g) ?? [];
    return [{ name, conditions: [...blocks.flat(), ...conditions, ...parameters] }];
  });
}

/**
 * The columns of a statement, as the query runner reads them: `position int, name text if jobs.name`.
 * Checks that the statement selects those of its header once each and in that order, because the query
 * runner finds values by their position.
 */
function formatColumns(
  file: string,
  { row, parameters }: Header,
  lines: readonly string[],
): string {
  if (row.length === 0) return "";
  const optional = row.find(({ isOptional }) => isOptional);
  if (optional) throw new InvalidFileError(file, `${optional.name} of its row cannot be optional`);
  const given = parameters.filter(({ isOptional }) => !isOptional).map(({ name }) => `:${name}`);
  const selected = selectedColumns(file, selectListOf(lines));
  const found = selected.map(({ name }) => name).join(", ");
  const expected = row.map(({ name }) => name).join(", ");
  if (found !== expected) {
    throw new InvalidFileError(file, `it selects ${found}, and its row is ${expected}`);
  }
  return row.map(({ name, type, isNullable }, index) => {
    const conditions = selected[index]!.conditions.filter((text) => !given.includes(text));
    if (conditions.length === 0) return `${name} ${type}`;
    if (!isNullable) {
      throw new InvalidFileError(file, `${name} has a condition, so its type must be ${type}?`);
    }
    return `${name} ${type} if ${[...new Set(conditions)].join(" and ")}`;
  }).join(", ");
}

function formatType(columns: readonly Column[]): string {
  if (columns.length === 0) return "Record<never, never>";
  const lines = columns.map(({ name, isOptional, isNullable, type }) => {
    const alternatives = [rowTypes[type], isNullable && "null", isOptional && "undefined"];
    return `  ${name}${isOptional ? "?" : ""}: ${alternatives.filter(Boolean).join(" | ")};\n`;
  });
  return `{\n${lines.join("")}}`;
}

function toCamelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function generateStatement(file: string, source: string): string {
  const { comment, lines } = splitSource(source);
  const header = parseHeader(file, comment);
  const body = removeComments(lines);
  checkBody(file, header, body);
  const types = `${formatType(header.parameters)}, ${formatType(header.row)}`;
  const columns = formatColumns(file, header, body);
  const needs = header.needs ? `needs: ${Deno.inspect(header.needs)},` : "";
  // The query runner drops the indentation anyway, and it is a tenth of the size of a bundle's SQL.
  const sql = body.map((line) => line.trimStart()).join("\n");
  const hash = createHash("sha256").update(sql).digest("base64url").slice(0, 16);
  const escaped = sql.replace(/[\\`]|\$(?=\{)/g, "\\$&");
  return `export const ${toCamelCase(header.name)}: Statement<${types}> = {
  name: "${header.name}",
  ${needs}
  ${columns && `columns: "${columns}",`}
  hash: "${hash}",
  sql: \`
${escaped}\`,
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
    `// Generated from the .sql files of this folder by \`deno task sql\`. Do not edit.

import type { Statement } from "../statement.ts";

${statements.join("\n\n")}
`,
  );
}

async function isUpToDate(output: URL, code: string): Promise<boolean> {
  return await Deno.readTextFile(output).catch(() => "") === code;
}

const isCheck = Deno.args.includes("--check");
const [path] = Deno.args.filter((arg) => !arg.startsWith("--"));
const sqlFolder = path ? pathToFileURL(`${path}/`) : new URL("../sql/", import.meta.url);
for (const { name, isDirectory } of Deno.readDirSync(sqlFolder)) {
  // Their scripts are for psql only.
  if (!isDirectory || name === "roles" || name === "extras") continue;
  const folder = new URL(`${name}/`, sqlFolder);
  const output = new URL("mod.ts", folder);
  const code = await generate(folder);
  if (!isCheck) {
    await Deno.writeTextFile(output, code);
  } else if (!await isUpToDate(output, code)) {
    console.error(`sql/${name}/mod.ts is stale: run \`deno task sql\``);
    Deno.exitCode = 1;
  }
}
