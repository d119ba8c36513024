import { formatTable } from "../support/table.ts";

/** The results of the features with the worker of a release. */
export interface Column {
  /** The language and the release of its SDK. */
  release: string;
  /** The version of the schema that the release creates. */
  schemaVersion: string;
  /** `passed` or the reason why not, by the name of the feature. */
  cells: ReadonlyMap<string, string>;
}

const introduction = `# Which feature works with which worker

The results of the last \`deno task test:interop -- --write\`, which runs live workers: of the newest
release of each language, and of older releases, each on the system database that it creates. The
version of its schema is in brackets. A number stands for the reason why a feature is not possible.
If the schema lacks what a feature needs, the client refuses the call before it writes anything.
`;

const newest = "Newest releases";
const passed = "passed";

function splitRow(row: string): string[] {
  return row.split("|").slice(1, -1).map((cell) => cell.trim());
}

/** Reads the column of a release, or of the newest release of a language, from a matrix. */
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

/** Groups releases by language, the newest of each last. */
function groupByLanguage(languages: readonly Column[], releases: readonly Column[]): Column[][] {
  return languages.map((language) => {
    const prefix = `${language.release.split(" ")[0]} `;
    return [...releases.filter(({ release }) => release.startsWith(prefix)), language];
  });
}

const block = /(<!-- deno task test:interop -->\n\n).*(\n<!-- end -->)/s;
const maxWidth = 100;

/** Formats an item of a list, with its lines wrapped. */
function formatItem(text: string): string {
  const lines = ["-"];
  for (const word of text.split(" ")) {
    const line = `${lines.at(-1)} ${word}`;
    if (line.length <= maxWidth) lines[lines.length - 1] = line;
    else lines.push(`  ${word}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Lists what works with a release or what does not, whichever is shorter. */
function formatRelease(column: Column, features: readonly string[]): string {
  const works = features.filter((feature) => column.cells.get(feature) === passed);
  const fails = features.filter((feature) => !works.includes(feature));
  const version = column.release.split(" ").at(-1);
  const schema = column.schemaVersion === "none"
    ? "no version of the schema"
    : `version ${column.schemaVersion} of the schema`;
  const head = `**${version}** (${schema}): ${works.length} of ${features.length}.`;
  if (fails.length === 0 || works.length === 0) return formatItem(head);
  return formatItem(
    fails.length <= works.length
      ? `${head} Not possible: ${fails.join("; ")}.`
      : `${head} Possible: ${works.join("; ")}.`,
  );
}

/** The text of docs/compatibility.md, with the list of releases updated. */
export function updateCompatibility(
  text: string,
  features: readonly string[],
  languages: readonly Column[],
  releases: readonly Column[],
): string {
  const sections = groupByLanguage(languages, releases).map((columns) => {
    const language = columns[0]!.release.split(" ")[0]!;
    const items = columns.map((column) => formatRelease(column, features));
    return `### ${language}\n\n${items.join("")}`;
  });
  return text.replace(block, (_, start, end) => `${start}${sections.join("\n")}${end}`);
}

/** The text of the matrix, formatted as by `deno fmt`. */
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
  for (const columns of groupByLanguage(languages, releases)) {
    const heading = columns[0]!.release.split(" ")[0]!;
    if (columns.length > 1) sections.push(formatSection(heading, columns));
  }
  const rows = reasons.map((reason, index) => [String(index + 1), reason]);
  const table = formatTable([["Number", "Why not"], ...rows]);
  return [introduction, ...sections, `## Not possible\n\n${table}`].join("\n");
}
