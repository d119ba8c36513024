/** Reads the tables of docs/coming_from_dbos_client.md. */

/** A row of a table: official methods, and ours that do the same. */
export interface Row {
  readonly official: string[];
  readonly ours: string[];
}

/** What the guide says about the official client of a language. */
export interface Section {
  readonly language: string;
  readonly rows: Row[];
  /** Functions that the official client does not have. */
  readonly onlyOurs: string[];
}

function namesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
}

const guide = Deno.readTextFileSync(
  new URL("../../docs/coming_from_dbos_client.md", import.meta.url),
);

/** Reads the section of a language. */
export function readSection(language: string): Section {
  const [, section = ""] = guide.split(`\n### ${language}\n`);
  const [text = ""] = section.split("\n### ");
  const [table = ""] = text.match(/^\| \w+ +\| This client .*\n(?:\|.*\n)+/m) ?? [];
  const rows = table.split("\n").slice(2, -1).map((line) => {
    const [official = [], ours = []] = line.split("|").slice(1, -1).map(namesIn);
    return { official, ours };
  });
  const [onlyOurs = ""] = text.match(/^Only this client has [^]*?\.$/m) ?? [];
  return { language, rows, onlyOurs: namesIn(onlyOurs) };
}

/** All names of ours in a section. */
export function oursIn({ rows, onlyOurs }: Section): string[] {
  return [...rows.flatMap(({ ours }) => ours), ...onlyOurs];
}
