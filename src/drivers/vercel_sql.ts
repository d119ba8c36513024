interface VercelSql {
  readonly totalCount?: unknown;
  off(event: "error", listener: () => void): object;
}

function ignore(): void {}

/**
 * The pool behind `sql` of `npm:@vercel/postgres`, a proxy that has the values of the pool's properties,
 * but not the properties. Any other driver is returned as it is.
 */
export function unwrapVercelSql(driver: object): object {
  if (typeof driver !== "function" || "totalCount" in driver) return driver;
  const sql = driver as unknown as VercelSql;
  // Methods of an event emitter return the emitter itself.
  return typeof sql.totalCount === "number" ? sql.off("error", ignore) : driver;
}
