/** What came of the features with the worker of a release. */
export interface Column {
  /** The language and the release of its SDK. */
  release: string;
  /** The version of the schema that the release makes. */
  schemaVersion: string;
  /** `passed`, or why it is not possible, by the name of the feature. */
  cells: ReadonlyMap<string, string>;
}

const introduction = `# Which feature works with which worker

What the last run of \`deno task test:interop -- --write\` proved with live workers: those of the
newest release of each language, and those of older releases, each on the system database that it
made itself. The version of its schema is in brackets. A number says why a feature is not possible;
what needs something that a schema has not was refused, before anything was written.
`;

const newest = "Newest releases";
const passed = "passed";

function splitRow(row: string): string[] {
  return row.split("|").slice(1, -1).map((cell) => cell.trim());
}

/** The column of a release, or of the newest release of a language, in the text of a matrix. */
export function readColumn(text: string, name: string): Column {
  const reasons = new Map(
    [...text.matchAll(/^\| (\d+) +\| (.*) \|$/gm)]
      .map(([, number, reason]) => [`no (${number})`, reason!.trim()]),
  );
  for (const section of text.split("\n## ")) {
    const heading = section.split("\n")[0]!;
    const [titles = [], , ...rows] = section.split("\n").filter((line) => line.startsWith("|"))
      .map(splitRow);
    const releases = titles.map((title) => heading === newest ? title : `${heading} ${title}`);
    const index = releases.findIndex((release) => release.startsWith(`${name} `));
    const found = /^(.*) \((\w+)\)$/.exec(releases[index] ?? "");
    if (!found) continue;
    const cells = new Map(rows.map((row) => [row[0]!, reasons.get(row[index]!) ?? row[index]!]));
    return { release: found[1]!, schemaVersion: found[2]!, cells };
  }
  return { release: name, schemaVersion: "?", cells: new Map() };
}

function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, index) => Math.max(...rows.map((cells) => cells[index]!.length)));
  const lines = rows.map((cells) =>
    `| ${cells.map((cell, index) => cell.padEnd(widths[index]!)).join(" | ")} |\n`
  );
  lines.splice(1, 0, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |\n`);
  return lines.join("");
}

/** The text of the matrix, formatted as `deno fmt` has it. */
export function formatMatrix(
  features: readonly string[],
  languages: readonly Column[],
  releases: readonly Column[],
): string {
  const reasons: string[] = [];

  function formatCell(cell: string): string {
    if (cell === passed || cell === "not run") return cell;
    if (!reasons.includes(cell)) reasons.push(cell);
    return `no (${reasons.indexOf(cell) + 1})`;
  }

  function formatSection(heading: string, columns: readonly Column[]): string {
    const titles = columns.map(({ release, schemaVersion }) =>
      `${release.replace(`${heading} `, "")} (${schemaVersion})`
    );
    const rows = features.map((feature) => [
      feature,
      ...columns.map(({ cells }) => formatCell(cells.get(feature) ?? "not run")),
    ]);
    return `## ${heading}\n\n${formatTable([["Feature", ...titles], ...rows])}`;
  }

  const sections = [formatSection(newest, languages)];
  for (const language of languages) {
    const heading = language.release.split(" ")[0]!;
    const older = releases.filter(({ release }) => release.startsWith(`${heading} `));
    if (older.length > 0) sections.push(formatSection(heading, [...older, language]));
  }
  const rows = reasons.map((reason, index) => [String(index + 1), reason]);
  const table = formatTable([["Number", "Why not"], ...rows]);
  return [introduction, ...sections, `## Not possible\n\n${table}`].join("\n");
}
