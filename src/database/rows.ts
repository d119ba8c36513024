/**
 * Makes rows of what a driver returns. Drivers can be set to rename columns and to parse values in ways
 * of the user's own. So values are taken by their position, and converted here, to the types that the
 * header of the statement gives.
 */

type Value = string | number | boolean;

/** A row: values by the names of the columns. */
export type Row = Record<string, Value | null>;

/** A column that a query returns. */
export interface Column {
  readonly name: string;
  readonly type: string;
  /** Whether a text is returned as it is. */
  readonly isText: boolean;
  /** Converts a value; undefined if that is not possible. */
  readonly convert: (value: unknown) => Value | undefined;
}

/** The columns of a statement. */
export interface Columns {
  /** Those that the query returns, in the order of its select list. */
  readonly selected: readonly Column[];
  /** A row in which all columns are null. Those whose conditions do not hold are so in every row. */
  readonly emptyRow: Row;
}

const booleans = new Map<unknown, boolean>();
for (const value of [true, "t", "true", 1, 1n, "1"]) booleans.set(value, true);
for (const value of [false, "f", "false", 0, 0n, "0"]) booleans.set(value, false);

function toText(value: unknown): string | undefined {
  return typeof value === "object" ? undefined : String(value);
}

function toInteger(value: unknown): number | undefined {
  const number = typeof value === "number" ? value : Number(toText(value) || NaN);
  return Number.isInteger(number) ? number : undefined;
}

/** A bigint, which drivers return as text, a number, a BigInt or an object of a class for it. */
function toDigits(value: unknown): string | undefined {
  const text = String(value);
  return /^-?\d+$/.test(text) ? text : undefined;
}

const converters: Readonly<Record<string, Column["convert"]>> = {
  text: toText,
  int: toInteger,
  bigint: toDigits,
  boolean: (value) => booleans.get(value),
};

/** The number in a column that returns a bigint as text; undefined if it is null. */
export function toNumber(text: string | null | undefined): number | undefined {
  return text ? Number(text) : undefined;
}

/** Parses the columns of a statement, which are listed as `position int, name text if jobs.name`. */
export function parseColumns(
  columns = "",
  holds: (condition: string) => boolean = () => true,
): Columns {
  const selected: Column[] = [];
  const names: string[] = [];
  for (const column of columns.split(", ").filter(Boolean)) {
    const [definition, conditions] = column.split(" if ") as [string, string?];
    const [name, type] = definition.split(" ") as [string, string];
    const isSelected = conditions?.split(" and ").every(holds) ?? true;
    const isText = type === "text" || type === "bigint";
    if (isSelected) selected.push({ name, type, isText, convert: converters[type]! });
    names.push(name);
  }
  return { selected, emptyRow: Object.fromEntries(names.map((name) => [name, null])) };
}

// The text of a value may begin with a byte order mark.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function toValue({ name, type, convert }: Column, received: unknown): Value | null {
  if (received === null || received === undefined) return null;
  const value = convert(received instanceof Uint8Array ? decoder.decode(received) : received);
  if (value !== undefined) return value;
  throw new TypeError(
    `Cannot read the column ${name}: the driver returned a value of type ${typeof received}, and ` +
      `no ${type}. Remove the parser or transform for such values from the settings of the driver`,
  );
}

/** The row that a driver returned as an array of values in the order of the select list. */
export function toRow({ selected, emptyRow }: Columns, received: unknown): Row {
  // Some drivers return objects although they are asked for arrays, with properties in that order.
  const values: unknown[] = Array.isArray(received) ? received : Object.values(received ?? {});
  if (values.length !== selected.length) {
    throw new TypeError(
      `Cannot read a row: the driver returned ${values.length} values for the columns ` +
        `${selected.map(({ name }) => name).join(", ")}. If the driver is set to transform rows, ` +
        "remove the transform",
    );
  }
  // V8 makes a hash table of an object that gets many properties one by one, which takes twice as long.
  const row: Row = { ...emptyRow };
  for (let index = 0; index < selected.length; index++) {
    const column = selected[index]!;
    const value = values[index];
    if (value === null) continue;
    // Most other values are texts.
    row[column.name] = column.isText && typeof value === "string" ? value : toValue(column, value);
  }
  return row;
}

/** The rows that a driver returned. */
export function toRows(columns: Columns, received: readonly unknown[]): Row[] {
  return received.map((row) => toRow(columns, row));
}
