import { formatTable } from "../support/table.ts";

/** The results of a runtime. */
export interface Column {
  /** Its name and version. */
  runtime: string;
  /** How many cases passed, or why the driver cannot run, by the name of the driver. */
  cells: ReadonlyMap<string, string>;
}

const introduction = `# Which driver works on which runtime

The results of the last \`deno task matrix\`, which runs the conformance suite in
[\`conformance/\`](conformance/) over every driver on every runtime, with a real server and a real
worker. A cell has the number of cases that passed; a runtime on which one fails is not written.
Deno runs the sources, the others run the package for npm. The number in \`no (1)\` stands for the
reason why a driver cannot run. \`deno task test\` has further settings of the drivers.
`;

const passed = /^passed \(\d+\)$/;

function readTable(text: string): string[][] {
  const [head, , ...rows] = text.split("\n").filter((line) => line.startsWith("|"));
  return [head, ...rows].map((row) =>
    row?.split("|").slice(1, -1).map((cell) => cell.trim()) ?? []
  );
}

/** Reads the columns back. */
export function readMatrix(text: string): Column[] {
  const [results = "", reasons = ""] = text.split("\n## ");
  const reasonOf = new Map(
    readTable(reasons).map(([number, reason]) => [`no (${number})`, reason!]),
  );
  const [head = [], ...rows] = readTable(results);
  return head.slice(1).map((runtime, index) => ({
    runtime,
    cells: new Map(
      rows.map(([driver, ...cells]) => [driver!, reasonOf.get(cells[index]!) ?? cells[index]!]),
    ),
  }));
}

/** The text of the matrix, formatted as by `deno fmt`. */
export function formatMatrix(drivers: readonly string[], columns: readonly Column[]): string {
  const reasons: string[] = [];
  const formatCell = (cell = "not run") => {
    if (passed.test(cell) || cell === "not run") return cell;
    if (!reasons.includes(cell)) reasons.push(cell);
    return `no (${reasons.indexOf(cell) + 1})`;
  };
  const table = formatTable([
    ["Driver", ...columns.map(({ runtime }) => runtime)],
    ...drivers.map((
      driver,
    ) => [driver, ...columns.map(({ cells }) => formatCell(cells.get(driver)))]),
  ]);
  const reasonTable = formatTable([
    ["Number", "Why not"],
    ...reasons.map((reason, index) => [String(index + 1), reason]),
  ]);
  return [introduction, table, `## Not possible\n\n${reasonTable}`].join("\n");
}
