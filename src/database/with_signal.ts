import { abortable } from "../abort_signal.ts";
import { formatForCall } from "../serialization/custom_format.ts";
import type { SystemDatabase } from "./system_database.ts";

/**
 * The system database for one call: it rejects as soon as `signal` is aborted, and sends nothing more.
 * What is shared by the calls of a client, such as a batcher, needs the system database itself.
 */
export function withSignal(database: SystemDatabase, signal: AbortSignal): SystemDatabase {
  const isNeeded = () => !signal.aborted;
  const { settings } = database;
  return {
    ...database,
    signal,
    settings: { ...settings, serializer: formatForCall(settings.serializer, signal) },
    requireColumn: (feature, column) =>
      abortable(signal, () => database.requireColumn(feature, column, { isNeeded })),
    run(statement, parameters, options) {
      const both = () => isNeeded() && (options?.isNeeded?.() ?? true);
      return abortable(
        signal,
        () => database.run(statement, parameters, { ...options, isNeeded: both, signal }),
      );
    },
  };
}
