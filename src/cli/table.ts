/** Prints records: as a table for people, or as JSON, one object a line. */

import { escapeText } from "./escape.ts";
import { type Output, stdout } from "./terminal.ts";
import { toJson } from "./text.ts";

/** A column of a table of records. */
export interface Column<Item> {
  readonly title: string;
  readonly value: (item: Item) => string | number | null | undefined;
  /** How much of it is cut off if the table is too wide: the columns with the highest number first. */
  readonly cut?: number;
  readonly isRight?: boolean;
  readonly style?: (item: Item) => Parameters<Output["paint"]>[0] | undefined;
}

// East Asian characters and emoji take two cells of a terminal.
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/** The number of cells that a text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (!/\p{Mark}/u.test(character)) width += wide.test(character) ? 2 : 1;
  }
  return width;
}

/** The text, cut off so that it takes no more cells. */
export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let cut = "";
  let used = 1;
  for (const character of text) {
    used += widthOf(character);
    if (used > width) break;
    cut += character;
  }
  return `${cut}…`;
}

const minWidth = 8;

function fitWidths<Item>(
  columns: readonly Column<Item>[],
  natural: readonly number[],
  available: number,
): number[] {
  const widths = [...natural];
  const total = () => widths.reduce((sum, width) => sum + width + 2, -2);
  const order = columns.map((_, index) => index).filter((index) => columns[index]!.cut)
    .sort((a, b) => columns[b]!.cut! - columns[a]!.cut!);
  for (const index of order) {
    const excess = total() - available;
    if (excess <= 0) break;
    widths[index] = Math.max(Math.min(minWidth, widths[index]!), widths[index]! - excess);
  }
  return widths;
}

/** The lines of a table, with a line of titles. */
export function formatTable<Item>(
  items: readonly Item[],
  columns: readonly Column<Item>[],
): string[] {
  const cells = items.map((item) =>
    columns.map(({ value }) => escapeText(String(value(item) ?? "")))
  );
  const used = columns.map((_, index) => cells.length === 0 || cells.some((row) => row[index]));
  const keep = <Value>(values: readonly Value[]) => values.filter((_, index) => used[index]);
  const kept = keep(columns);
  const rows = cells.map(keep);
  const natural = kept.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => widthOf(row[index]!)))
  );
  const widths = fitWidths(kept, natural, stdout.columns);

  function formatRow(row: readonly string[], paint: (text: string, index: number) => string) {
    return row.map((cell, index) => {
      const text = cutTo(cell, widths[index]!);
      const space = " ".repeat(Math.max(0, widths[index]! - widthOf(text)));
      const isLast = index === row.length - 1;
      if (kept[index]!.isRight) return space + paint(text, index);
      return paint(text, index) + (isLast ? "" : space);
    }).join("  ");
  }
  return [
    formatRow(kept.map(({ title }) => title), (text) => stdout.paint("bold", text)),
    ...rows.map((row, position) =>
      formatRow(row, (text, index) => {
        const style = kept[index]!.style?.(items[position]!);
        return style ? stdout.paint(style, text) : text;
      })
    ),
  ];
}

/** How to print. */
export interface FormatFlags {
  readonly json?: boolean | undefined;
}

/** Whether to print JSON: if it is asked for, or if no terminal shows it. */
export function isJson({ json }: FormatFlags): boolean {
  return json ?? !stdout.isTerminal;
}

/** Prints a table for people, or each record as a line of JSON. */
export async function printRecords<Item>(
  flags: FormatFlags,
  items: readonly Item[],
  columns: readonly Column<Item>[],
): Promise<void> {
  if (isJson(flags)) return await stdout.write(items.map((item) => `${toJson(item)}\n`).join(""));
  if (items.length > 0) await stdout.write(`${formatTable(items, columns).join("\n")}\n`);
}

/** Prints a record as a line of JSON, or the text for people. */
export async function printRecord(
  flags: FormatFlags,
  record: unknown,
  toText: () => string,
): Promise<void> {
  await stdout.write(`${isJson(flags) ? toJson(record) : toText()}\n`);
}

/** The style in which to show a status. */
export function styleOfStatus(
  status: string | undefined,
): Parameters<Output["paint"]>[0] | undefined {
  switch (status) {
    case "SUCCESS":
      return "green";
    case "ERROR":
    case "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
      return "red";
    case "CANCELLED":
      return "yellow";
    case "PENDING":
      return "cyan";
    default:
      return undefined;
  }
}

/** A line with styles, cut off so that it takes no more cells. */
export function cutLine(line: string, width: number): string {
  // deno-lint-ignore no-control-regex
  const parts = line.split(/(\x1b\[\d+m)/);
  let rest = width;
  return parts.map((part) => {
    if (part.startsWith("\x1b")) return part;
    const cut = rest > 0 ? cutTo(part, rest) : "";
    rest -= widthOf(part);
    return cut;
  }).join("");
}
