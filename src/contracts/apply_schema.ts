import { onDemand } from "../promises.ts";
import type { ContractField } from "./contract.ts";

// Most programs have no schemas. This is 1 KB gzipped.
const loadCheck = onDemand(() => import("./check_value.ts"));

/**
 * Goes on with what the schema of a field makes of a value, or with the value itself without a schema.
 * Returns a promise only if `use` does, the check must be loaded, or the schema returns one.
 */
export function applySchema<Value, Result>(
  field: ContractField | undefined,
  value: Value,
  signal: AbortSignal | undefined,
  use: (value: Value) => Result | Promise<Result>,
): Result | Promise<Result> {
  if (!field?.schema) return use(value);
  const loading = loadCheck();
  return loading instanceof Promise
    ? loading.then(({ useChecked }) => useChecked(field, value, signal, use))
    : loading.useChecked(field, value, signal, use);
}
