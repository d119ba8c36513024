/** Replaces `@std/uuid` where JSR cannot be reached, with the functions that the tests use. */
import * as uuid from "uuid";

interface UuidV7 {
  validate(id: string): boolean;
  generate(timestampMs?: number): string;
  extractTimestamp(id: string): number;
}

export function validate(id: string): boolean {
  return uuid.validate(id);
}

export function version(id: string): number {
  return uuid.version(id);
}

export const v7: UuidV7 = {
  validate: (id) => uuid.validate(id) && uuid.version(id) === 7,
  generate: (timestampMs) => uuid.v7({ msecs: timestampMs ?? Date.now() }),
  extractTimestamp: (id) => Number.parseInt(id.replace("-", "").slice(0, 12), 16),
};
