/** Formats the rows of a table in Markdown as `deno fmt` does; the first row is the head. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, index) => Math.max(...rows.map((cells) => cells[index]!.length)));
  const lines = rows.map((cells) =>
    `| ${cells.map((cell, index) => cell.padEnd(widths[index]!)).join(" | ")} |\n`
  );
  lines.splice(1, 0, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |\n`);
  return lines.join("");
}
