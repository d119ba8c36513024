import type { Tracing } from "../tracing/tracing.ts";
import type { SystemDatabase } from "./system_database.ts";

/** The system database for one call, such as `getStatus()`: each of its statements gets a span. */
export function withSpans(
  database: SystemDatabase,
  tracing: Tracing,
  call: string,
): SystemDatabase {
  const operation = call.replace("()", "");
  return {
    ...database,
    run: (statement, parameters, options) =>
      tracing.run({ operation }, () => database.run(statement, parameters, options)),
  };
}
