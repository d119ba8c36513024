/** What came of the features with the worker of a language. */
export interface Column {
  /** The language, the release of its SDK, and the version of the schema that it makes. */
  title: string;
  /** What is said of a feature, by its name. */
  cells: ReadonlyMap<string, string>;
}

/** Columns by the name of the language. */
export type Results = Map<string, Column>;

const introduction = `# Which feature works with which worker

What the last run of \`deno task test:interop -- --write\` proved with live workers.
`;

function splitRow(row: string): string[] {
  return row.split("|").slice(1, -1).map((cell) => cell.trim());
}

/** The column of a language in the text of a matrix. */
export function readColumn(text: string, language: string): Column {
  const [titles = [], , ...rows] = text.split("\n").filter((line) => line.startsWith("|"))
    .map(splitRow);
  const index = titles.findIndex((title) => title.startsWith(`${language}: `));
  return {
    title: titles[index] ?? language,
    cells: new Map(rows.map((cells) => [cells[0]!, cells[index] ?? ""])),
  };
}

/** The text of the matrix, formatted as `deno fmt` has it. */
export function formatMatrix(features: readonly string[], columns: readonly Column[]): string {
  const rows = [
    ["Feature", ...columns.map(({ title }) => title)],
    ...features.map((name) => [name, ...columns.map(({ cells }) => cells.get(name) ?? "not run")]),
  ];
  const widths = rows[0]!.map((_, index) => Math.max(...rows.map((cells) => cells[index]!.length)));
  const lines = rows.map((cells) =>
    `| ${cells.map((cell, index) => cell.padEnd(widths[index]!)).join(" | ")} |`
  );
  lines.splice(1, 0, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`);
  return `${introduction}\n${lines.join("\n")}\n`;
}
