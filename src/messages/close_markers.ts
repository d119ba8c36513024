/** The value that a worker writes to close a stream. */
export const closeMarker = "__DBOS_STREAM_CLOSED__";

/**
 * Its stored forms: as JSON; as plain text, in older releases; as a Python pickle, in the protocol of Python
 * up to 3.13 and of later versions. Older workers in Python write it with a serializer of their own, so
 * that only the value tells.
 */
export const closeMarkers: ReadonlySet<string> = new Set([
  `"${closeMarker}"`,
  closeMarker,
  "gASVGgAAAAAAAACMFl9fREJPU19TVFJFQU1fQ0xPU0VEX1+ULg==",
  "gAWVGgAAAAAAAACMFl9fREJPU19TVFJFQU1fQ0xPU0VEX1+ULg==",
]);
