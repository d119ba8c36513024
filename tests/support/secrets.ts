/** Finds a secret in what was thrown or printed, on any runtime. */
import { inspect } from "node:util";

/** The path of the first text that contains a secret, among all that an error leads to. */
export function findSecret(root: unknown, isSecret: (text: string) => boolean): string | undefined {
  const visited = new Set<unknown>();
  const pending: { path: string; value: unknown }[] = [{ path: "error", value: root }];
  for (const { path, value } of pending) {
    if (typeof value === "string" && isSecret(value)) return `${path}: ${value.slice(0, 200)}`;
    const isObject = typeof value === "object" && value !== null || typeof value === "function";
    if (!isObject || visited.has(value)) continue;
    visited.add(value);
    if (value instanceof Uint8Array) {
      pending.push({ path, value: new TextDecoder().decode(value) });
      continue;
    }
    // Not enumerable, inherited and symbol properties as well.
    for (
      let owner = value;
      owner && owner !== Object.prototype;
      owner = Object.getPrototypeOf(owner)
    ) {
      for (const key of Reflect.ownKeys(owner as object)) {
        let found: unknown;
        try {
          found = (value as Record<PropertyKey, unknown>)[key];
        } catch {
          continue;
        }
        pending.push({ path: `${path}.${String(key)}`, value: found });
      }
    }
    if (value instanceof Map) pending.push({ path, value: [...value].flat() });
    if (value instanceof Set) pending.push({ path, value: [...value] });
    if (visited.size > 20_000) throw new Error(`Cannot search ${path}: it leads too far`);
  }
  for (const [how, text] of Object.entries(describe(root))) {
    if (isSecret(text)) return `${how}: ${text.slice(0, 500)}`;
  }
}

/** How a program would print an error. */
function describe(error: unknown): Record<string, string> {
  return {
    inspect: inspect(error, { depth: 20, maxStringLength: null }),
    json: JSON.stringify(error) ?? "",
    text: String(error),
  };
}

/** Collects what is printed while `run` runs. */
export async function collectOutput(run: () => Promise<void>): Promise<string> {
  const names = ["debug", "error", "info", "log", "warn"] as const;
  const originals = names.map((name) => console[name]);
  let output = "";
  for (const name of names) {
    console[name] = (...values: unknown[]) => {
      output += values.map((value) => inspect(value)).join(" ") + "\n";
    };
  }
  try {
    await run();
  } finally {
    names.forEach((name, index) => console[name] = originals[index]!);
  }
  return output;
}
