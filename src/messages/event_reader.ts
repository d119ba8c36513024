/** Reads the values of events, as the contract of the workflow says if there is one. */

import { applySchema } from "../contracts/apply_schema.ts";
import { type ContractFields, contractKey } from "../contracts/contract.ts";
import type { CustomFormat } from "../serialization/custom_format.ts";
import { deserializeValue } from "../serialization/read.ts";
import { deserializeValueIfKnown } from "../serialization/serialized_value.ts";

interface StoredEvent {
  readonly key: string;
  readonly value: string | null;
  readonly serialization: string | null | undefined;
}

/** Reads events. Leaves out those that are not in a contract which has events. */
export interface EventReader {
  isIncluded(key: string): boolean;
  read(event: StoredEvent): Promise<unknown>;
}

export function createEventReader(
  contract: ContractFields | undefined,
  serializer: CustomFormat | undefined,
  signal: AbortSignal | undefined,
): EventReader {
  const events = contract?.events ?? {};
  const isOpen = Object.keys(events).length === 0;
  return {
    isIncluded: (key) => isOpen || Object.hasOwn(events, key),
    async read({ key, value, serialization }) {
      const field = isOpen ? undefined : events[key]![contractKey];
      // A schema could only tell that a SerializedValue is not one of its values.
      const deserialize = field?.schema ? deserializeValue : deserializeValueIfKnown;
      const read = await deserialize(value, serialization, serializer);
      return await applySchema(field, read, signal, (value) => value);
    },
  };
}
