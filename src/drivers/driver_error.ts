/** What of a driver's error the library passes on. */

// What tells the kind of an error, and the object and the line of code that it is about. What else the
// drivers keep may hold a payload or a password: the row and the values that were refused (`detail`,
// `where`), the statement (`query`, `internalQuery`), its values (`parameters`, `params`, `args`), a
// client or a URL (`client`, `input`).
const safeProperties = new Set([
  ...["name", "message", "stack", "code", "errno", "severity", "severity_local", "hint", "routine"],
  ...["schema", "table", "column", "constraint", "dataType", "position", "file", "line", "length"],
  ...["schema_name", "table_name", "column_name", "constraint_name", "data type_name"],
  ...["syscall", "address", "port", "hostname", "sourceURL", "originalLine", "originalColumn"],
]);
// What holds further errors or, with `@db/postgres`, what the others keep in the error itself.
const nestedProperties = new Set(["cause", "errors", "fields"]);

function isSafe(name: string, value: unknown): boolean {
  if (nestedProperties.has(name)) return withoutSecrets(value) === value;
  return safeProperties.has(name);
}

/**
 * A driver's error without what may be secret: the same error if it has nothing of that kind, else a
 * copy of the same class. A copy, because properties of npm:postgres cannot be deleted.
 */
export function withoutSecrets(error: unknown): unknown {
  if (typeof error !== "object" || error === null) return error;
  const properties = Object.getOwnPropertyNames(error);
  const own = error as Record<string, unknown>;
  if (Array.isArray(error)) {
    const errors = error.map(withoutSecrets);
    return errors.every((each, index) => each === error[index]) ? error : errors;
  }
  if (properties.every((name) => isSafe(name, own[name]))) return error;
  const copy = error instanceof Error ? new Error(error.message) : {};
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error));
  for (const name of properties) {
    const isNested = nestedProperties.has(name);
    if (!isNested && !safeProperties.has(name)) continue;
    const { enumerable = false } = Object.getOwnPropertyDescriptor(error, name)!;
    const value = isNested ? withoutSecrets(own[name]) : own[name];
    Object.defineProperty(copy, name, { value, enumerable, writable: true, configurable: true });
  }
  return copy;
}
