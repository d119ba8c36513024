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

/**
 * A driver's error without what may be secret: the same error if it has nothing of that kind, else a
 * copy of the same class. A copy, because properties of npm:postgres cannot be deleted. Of errors that
 * contain themselves, which `outer` tells, only the first occurrence is kept.
 */
export function withoutSecrets(error: unknown, outer: readonly unknown[] = []): unknown {
  if (typeof error !== "object" || error === null) return error;
  if (outer.includes(error)) return undefined;
  const clean = (inner: unknown) => withoutSecrets(inner, [...outer, error]);
  if (Array.isArray(error)) {
    const errors = error.map(clean);
    return errors.every((each, index) => each === error[index]) ? error : errors;
  }
  const own = error as Record<string, unknown>;
  const kept = Object.getOwnPropertyNames(error)
    .filter((name) => nestedProperties.has(name) || safeProperties.has(name))
    .map((name) => [name, nestedProperties.has(name) ? clean(own[name]) : own[name]] as const);
  const isSafe = kept.length === Object.getOwnPropertyNames(error).length &&
    kept.every(([name, value]) => !nestedProperties.has(name) || value === own[name]);
  if (isSafe) return error;
  const copy = error instanceof Error ? new Error(error.message) : {};
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error));
  for (const [name, value] of kept) {
    const { enumerable = false } = Object.getOwnPropertyDescriptor(error, name)!;
    Object.defineProperty(copy, name, { value, enumerable, writable: true, configurable: true });
  }
  return copy;
}
