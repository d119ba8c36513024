import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/messages/mod.ts";
import type { Driver } from "../drivers/driver.ts";
import { deserializeValueIfKnown } from "../serialization/serialized_value.ts";
import { checkText } from "../validate.ts";
import { closeMarker, closeMarkers } from "./close_markers.ts";
import { readPages } from "./pages.ts";

/** A value of a stream. */
export interface StreamEntry {
  /** The offset of the value. The first value has offset 0. */
  readonly offset: number;
  /** The value. */
  readonly value: unknown;
}

/** What a workflow has written to a stream so far. */
export interface StreamEntries {
  /** The values, in order. */
  readonly entries: readonly StreamEntry[];
  /** Whether the workflow has closed the stream. */
  readonly isClosed: boolean;
}

/**
 * Returns all that a workflow has written to its streams so far. A value that this client cannot read is a
 * {@linkcode SerializedValue}.
 *
 * It is read in several queries if there are more than a thousand values or a megabyte. A value that is
 * written meanwhile may be among them. To read one large stream, `readStream()` with `snapshot` takes less
 * memory.
 *
 * @example
 * ```ts
 * import { connect, getAllStreamEntries } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const streams = await getAllStreamEntries(client, "task-7");
 * for (const [key, { entries, isClosed }] of Object.entries(streams)) {
 *   console.log(key, isClosed ? "is closed" : "is open");
 *   for (const { offset, value } of entries) console.log(offset, value);
 * }
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param options An abort signal.
 * @returns The streams by their keys; empty if there is no such workflow.
 * @throws {TypeError} If the ID is not a string.
 * @throws {RangeError} If the ID is empty.
 * @throws {UnsupportedFeatureError} If the schema has no table for streams.
 */
export async function getAllStreamEntries(
  client: Client | Driver,
  workflowID: string,
  options: CallOptions = {},
): Promise<Record<string, StreamEntries>> {
  const [database] = openCall(client, "getAllStreamEntries()", callDescription, options);
  checkText("workflowID of getAllStreamEntries()", workflowID);
  type Row = NonNullable<typeof sql.getAllStreamEntries.row>;
  const rows = await readPages<Row>((size, last) =>
    database.run(sql.getAllStreamEntries, {
      ...size,
      workflow_id: workflowID,
      after_key: last?.key,
      after_offset: last?.entry_offset,
    })
  );
  const streams = new Map<string, { entries: StreamEntry[]; isClosed: boolean }>();
  for (const { key, entry_offset: offset, value: text, serialization } of rows) {
    let stream = streams.get(key);
    if (!stream) streams.set(key, stream = { entries: [], isClosed: false });
    const { serializer } = database.settings;
    const value = closeMarkers.has(text)
      ? closeMarker
      : await deserializeValueIfKnown(text, serialization, serializer);
    if (value === closeMarker) stream.isClosed = true;
    else stream.entries.push({ offset, value });
  }
  return Object.fromEntries(streams);
}
