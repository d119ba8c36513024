/**
 * The stored forms of the value that a worker writes to close a stream: as JSON; as plain text, in
 * older releases; as a Python pickle, in the protocol of Python up to 3.13 and of later versions.
 */
export const closeMarkers: ReadonlySet<string> = new Set([
  '"__DBOS_STREAM_CLOSED__"',
  "__DBOS_STREAM_CLOSED__",
  "gASVGgAAAAAAAACMFl9fREJPU19TVFJFQU1fQ0xPU0VEX1+ULg==",
  "gAWVGgAAAAAAAACMFl9fREJPU19TVFJFQU1fQ0xPU0VEX1+ULg==",
]);
