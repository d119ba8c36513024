/** Settings of drivers under which no value and no name of a column is what the server sent. */

// The types of the columns that the library reads, and of those that it might read.
export const typeIDs = {
  boolean: 16,
  bigint: 20,
  int: 23,
  text: 25,
  json: 114,
  jsonb: 3802,
} as const;

export type Parse = (text: string) => unknown;

/** A parser for each type, by the name of the setting. */
export const hostileParsers: Record<string, Record<keyof typeof typeIDs, Parse>> = {
  "all values as text": {
    boolean: (text) => text,
    bigint: (text) => text,
    int: (text) => text,
    text: (text) => text,
    json: (text) => text,
    jsonb: (text) => text,
  },
  "BigInts, 0 and 1, and parsed JSON": {
    boolean: (text) => text === "t" ? 1 : 0,
    bigint: BigInt,
    int: BigInt,
    text: (text) => {
      try {
        return JSON.parse(text);
      } catch {
        return text;
      }
    },
    json: JSON.parse,
    jsonb: JSON.parse,
  },
  "objects of a class": {
    boolean: (text) => new Boolean(text === "t"),
    bigint: (text) => new Number(text),
    int: (text) => new Number(text),
    text: (text) => new String(text),
    json: JSON.parse,
    jsonb: JSON.parse,
  },
};

/** The parsers by the IDs of the types. */
export function parsersByID(parsers: Record<keyof typeof typeIDs, Parse>): Map<number, Parse> {
  const names = Object.keys(typeIDs) as (keyof typeof typeIDs)[];
  return new Map(names.map((name) => [typeIDs[name], parsers[name]]));
}
