/** Reads values that have a key, as the contract of the workflow says if there is one. */

import { applySchema } from "../contracts/apply_schema.ts";
import { type ContractFields, contractKey } from "../contracts/contract.ts";
import type { CustomFormat } from "../serialization/custom_format.ts";
import { deserializeValue } from "../serialization/read.ts";
import { deserializeValueIfKnown } from "../serialization/serialized_value.ts";

interface StoredValue {
  readonly key: string;
  readonly value: string | null;
  readonly serialization: string | null | undefined;
}

/** Reads values with the keys of a contract, or with all keys if it has none. */
export interface FieldReader {
  isIncluded(key: string): boolean;
  read(stored: StoredValue): Promise<unknown>;
}

/** Makes a reader for the events or the streams of a contract. The schemas do not see `unchecked`. */
export function createFieldReader(
  fields: ContractFields["events"] = {},
  serializer: CustomFormat | undefined,
  signal: AbortSignal | undefined,
  unchecked?: unknown,
): FieldReader {
  const isAnyIncluded = Object.keys(fields).length === 0;
  return {
    isIncluded: (key) => isAnyIncluded || Object.hasOwn(fields, key),
    async read({ key, value, serialization }) {
      const field = isAnyIncluded ? undefined : fields[key]![contractKey];
      // A schema could only tell that a SerializedValue is not one of its values.
      const deserialize = field?.schema ? deserializeValue : deserializeValueIfKnown;
      const read = await deserialize(value, serialization, serializer);
      if (unchecked !== undefined && read === unchecked) return read;
      return await applySchema(field, read, signal, (value) => value);
    },
  };
}
