import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/messages/mod.ts";
import { contractIn, type ContractOption } from "../contracts/contract.ts";
import type { Driver } from "../drivers/driver.ts";
import { readInSlices } from "../read_in_slices.ts";
import { checkText } from "../validate.ts";
import { closeMarker, closeMarkers } from "./close_markers.ts";
import { createFieldReader } from "./field_reader.ts";
import { readPages } from "./pages.ts";

/** A value of a stream. */
export interface StreamEntry<Value = unknown> {
  /** The offset of the value. The first value has offset 0. */
  readonly offset: number;
  /** The value. */
  readonly value: Value;
}

/** What a workflow has written to a stream so far. */
export interface StreamEntries<Value = unknown> {
  /** The values, in order. */
  readonly entries: readonly StreamEntry<Value>[];
  /** Whether the workflow has closed the stream. */
  readonly isClosed: boolean;
}

/** Streams by their keys, if `Streams` are those of a contract; otherwise any. */
export type StreamEntriesOf<Streams> = unknown extends Streams ? Record<string, StreamEntries>
  : { readonly [Key in keyof Streams]?: StreamEntries<Streams[Key]> };

/**
 * Returns all that a workflow has written to its streams so far. A value that this client cannot read is a
 * {@linkcode SerializedValue}. With a contract that has streams, it returns only these, and a value that
 * its schema does not allow is an error.
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
 * @param options An abort signal, and the contract of the workflow if there is one.
 * @returns The streams by their keys; empty if there is no such workflow.
 * @throws {TypeError} If the ID is not a string.
 * @throws {RangeError} If the ID is empty.
 * @throws {ContractError} If the contract does not allow a value.
 * @throws {UnsupportedFeatureError} If the schema has no table for streams.
 */
export async function getAllStreamEntries<Streams = unknown>(
  client: Client | Driver,
  workflowID: string,
  options: CallOptions & ContractOption<unknown, unknown, unknown, Streams> = {},
): Promise<StreamEntriesOf<Streams>> {
  const [database, { signal }] = openCall(
    client,
    "getAllStreamEntries()",
    callDescription,
    options,
  );
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
  const { streams: fields } = contractIn(options) ?? {};
  const { serializer } = database.settings;
  const reader = createFieldReader(fields, serializer, signal, closeMarker);
  const streams = new Map<string, { entries: StreamEntry[]; isClosed: boolean }>();
  const included = rows.filter(({ key }) => reader.isIncluded(key));
  const values = await readInSlices(
    included,
    signal,
    (row) => closeMarkers.has(row.value) ? closeMarker : reader.read(row),
  );
  for (const [index, { key, entry_offset: offset }] of included.entries()) {
    let stream = streams.get(key);
    if (!stream) streams.set(key, stream = { entries: [], isClosed: false });
    const value = values[index];
    if (value === closeMarker) stream.isClosed = true;
    else stream.entries.push({ offset, value });
  }
  return Object.fromEntries(streams) as object as StreamEntriesOf<Streams>;
}
