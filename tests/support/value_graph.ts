const entriesOf: [
  type: { new (...args: never[]): object },
  entries: (value: never) => unknown[],
][] = [
  [Date, (date: Date) => [date.toISOString()]],
  [RegExp, (pattern: RegExp) => [String(pattern)]],
  [URL, (url: URL) => [url.href]],
  [Map, (map: Map<unknown, unknown>) => [...map].flat()],
  [Set, (set: Set<unknown>) => [...set]],
  [Error, ({ name, message, cause }: Error) => [name, message, cause]],
  [Uint8Array, (bytes: Uint8Array) => [...bytes]],
];

/**
 * Describes a value so that two values have the same description if they have equal contents and
 * share objects in the same places.
 */
export function describeGraph(root: unknown): unknown[] {
  const ids = new Map<object, number>();
  const objects: unknown[] = [];

  function describe(value: unknown): string {
    if (typeof value !== "object" || value === null) {
      return `${typeof value} ${Object.is(value, -0) ? "-0" : String(value)}`;
    }
    const known = ids.get(value);
    if (known !== undefined) return `object ${known}`;
    const id = ids.size;
    ids.set(value, id);
    const [type, entries] = entriesOf.find(([type]) => value instanceof type) ?? [];
    // An object that is not listed, such as a typed array, is described by its properties.
    const contents = entries ? entries(value as never) : Object.entries(value).flat();
    objects[id] = [type?.name ?? Object.prototype.toString.call(value), ...contents.map(describe)];
    return `object ${id}`;
  }
  return [describe(root), objects];
}
