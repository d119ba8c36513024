import { type Client, runInSpan, systemDatabaseOf, tracingOf } from "../client/client.ts";
import * as sql from "../../sql/messages/mod.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { applySchema } from "../contracts/apply_schema.ts";
import { type ContractField, type ContractKey, fieldIn, toKey } from "../contracts/contract.ts";
import type { Driver } from "../drivers/driver.ts";
import { NonExistentWorkflowError } from "../errors/managing.ts";
import { StreamEndedError, StreamTimeoutError } from "../errors/waiting.ts";
import { type CustomFormat, formatForCall } from "../serialization/custom_format.ts";
import { deserializeValue } from "../serialization/read.ts";
import { deserializeValueIfKnown } from "../serialization/serialized_value.ts";
import {
  asBoolean,
  asInteger,
  type Check,
  describeOptions,
  type OptionsDescription,
  readOptions,
} from "../options.ts";
import { checkText } from "../validate.ts";
import { pollObjects } from "../polling/poll_query.ts";
import {
  createWaiter,
  waitDescription,
  type Waiter,
  type WaitOptions,
  withWaiter,
} from "../polling/waiter.ts";
import { readErrorOptions } from "../workflows/wait_error.ts";
import { closeMarker, closeMarkers } from "./close_markers.ts";

/** How to read a stream. `timeoutSeconds` applies to each value, and `deadlineEpochMS` to all. */
export interface ReadStreamOptions extends WaitOptions {
  /**
   * The offset of the first value to read. A negative offset counts from the end of what has been written
   * when the reading starts, which takes one more query: -1 is the last value. If there are fewer values,
   * the first one is read first.
   *
   * @default {0}
   */
  offset?: number;
  /**
   * End after the existing values, instead of waiting for more.
   *
   * @default {false}
   */
  snapshot?: boolean;
}

/** How long to wait for one value of a stream, and how. */
export type ReadStreamOffsetOptions = Omit<ReadStreamOptions, "offset" | "snapshot">;

const streamValuesQuery = pollObjects(sql.findStreamValues);
const streamEndsQuery = pollObjects(sql.findStreamEnds);
const valuesPerPoll = 100;

const maxOffset = 2 ** 31 - 1;
const asOffset: Check<number> = asInteger(-maxOffset, maxOffset);

const streamDescription: OptionsDescription<ReadStreamOptions> = describeOptions<ReadStreamOptions>(
  {
    ...waitDescription.checks,
    offset: asOffset,
    snapshot: asBoolean,
  },
);

/** The last row of a stream. */
export type StreamEnd = NonNullable<typeof sql.findStreamEnds.row>;

/** The number of values of a stream, of which the last row is known. */
export async function countValues(
  { last_offset: offset, last_value: value, last_serialization: serialization }: StreamEnd,
  serializer: CustomFormat | undefined,
): Promise<number> {
  if (offset === null) return 0;
  if (value === null) return offset + 1;
  const isClosed = closeMarkers.has(value) ||
    await deserializeValueIfKnown(value, serialization, serializer) === closeMarker;
  return isClosed ? offset : offset + 1;
}

/** Reads values, with options that {@linkcode readOptions} has read. */
function readValues<Value>(
  database: SystemDatabase,
  workflowID: string,
  key: string,
  options: ReadStreamOptions,
  max: number,
  deserialize: (...given: Parameters<typeof deserializeValue>) => unknown,
  field: ContractField | undefined,
): AsyncGenerator<Value, void, void> {
  const { offset: firstOffset = 0, snapshot = false, ...waitOptions } = options;
  if (snapshot) waitOptions.timeoutSeconds = 0;
  const { deadlineEpochMS = Infinity, signal } = waitOptions;
  const serializer = formatForCall(database.settings.serializer, signal);
  const waiter = createWaiter(database, streamValuesQuery, waitOptions);
  const endWaiter = firstOffset < 0
    ? createWaiter(database, streamEndsQuery, waitOptions)
    : undefined;

  async function createTimeoutError(
    waiter: Waiter<unknown>,
    offset: number,
  ): Promise<StreamTimeoutError> {
    const details = await readErrorOptions(database, workflowID, signal, waiter);
    return new StreamTimeoutError(workflowID, key, offset, waiter.timeoutSeconds, details);
  }

  async function* values(): AsyncGenerator<Value, void, void> {
    let offset = firstOffset;
    if (endWaiter) {
      endWaiter.restart(true);
      const target = { item: JSON.stringify({ workflow_id: workflowID, key }) };
      const [last] = await endWaiter.next([target]) ?? [];
      if (!last && endWaiter.isEnded) return;
      if (!last) throw await createTimeoutError(endWaiter, offset);
      offset = Math.max(await countValues(last, serializer) + offset, 0);
    }
    let pollImmediately = true;
    let isOver = false;
    while (true) {
      // Otherwise a stream that goes on would never end.
      if (isOver && !pollImmediately) throw await createTimeoutError(waiter, offset);
      isOver = Date.now() >= deadlineEpochMS;
      waiter.restart(pollImmediately);
      const found = await waiter.next([{
        item: JSON.stringify({ workflow_id: workflowID, key, offset, max_values: max }),
        notification: `${workflowID}::${key}`,
        workflowID,
      }]);
      const last = found?.at(-1);
      if (!found || !last) {
        if (waiter.isEnded || (snapshot && waiter.error === undefined)) return;
        throw await createTimeoutError(waiter, offset);
      }
      if (last.status === null) {
        throw new NonExistentWorkflowError(workflowID, `read stream ${key} of`);
      }
      for (const { value, serialization } of found) {
        // Without values, the workflow has ended.
        if (value === null || closeMarkers.has(value)) return;
        const read = await deserialize(value, serialization, serializer);
        // Older workers in Python close a stream with their own serializer.
        if (read === closeMarker) return;
        yield await applySchema(field, read as Value, signal, (value) => value);
        offset++;
      }
      // A full page may not be the last, and a workflow that has stopped writes no further values.
      pollImmediately = found.length === max || last.is_cut || last.status !== "PENDING";
    }
  }
  const generator = withWaiter(waiter, values());
  return endWaiter ? withWaiter(endWaiter, generator) : generator;
}

/**
 * Reads the values of a stream in order, and waits for more until the stream is closed or the
 * workflow has ended.
 *
 * A value that this client cannot read is a {@linkcode SerializedValue}, and does not end the stream. With
 * a schema it is an error, as is a value that the schema does not allow.
 *
 * A query returns up to a hundred values at once, however slowly the caller handles them, but none
 * after those that have a megabyte together. The streams of a client share their queries.
 *
 * @example
 * ```ts
 * import { connect, readStream } from "@dbos-community/client";
 *
 * await using client = await connect();
 * for await (const line of readStream<string>(client, "task-7", "log", { timeoutSeconds: 60 })) {
 *   console.log(line);
 * }
 * ```
 *
 * @typeParam Value The type of the values.
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param key The key of the stream; of a contract, it types the values.
 * @param options The offset to start at, and how long to wait for each value. By default the offset
 * is 0, and there is no timeout.
 * @returns The values.
 * @throws {TypeError} If an argument has the wrong type.
 * @throws {TypeError} If a transaction is open on the client, unless `timeoutSeconds` is 0.
 * @throws {RangeError} If the ID or the key is empty, or an option is out of range.
 * @throws {NonExistentWorkflowError} If there is no such workflow. On a hot standby, which may not have
 * replayed it yet, it is waited for.
 * @throws {StreamTimeoutError} If the next value was not written in time.
 * @throws {UnsupportedFeatureError} If the schema has no table for streams.
 * @throws {ContractError} If the contract does not allow a value.
 */
export function readStream<Value = unknown>(
  client: Client | Driver,
  workflowID: string,
  key: string | ContractKey<"stream", Value>,
  options: ReadStreamOptions = {},
): AsyncGenerator<Value, void, void> {
  const database = systemDatabaseOf(client);
  checkText("workflowID of readStream()", workflowID);
  const text = toKey(key);
  checkText("key of readStream()", text);
  const field = fieldIn(key);
  const read = readOptions("readStream()", streamDescription, options);
  // A schema could only tell that it is not one of its values.
  const deserialize = field?.schema ? deserializeValue : deserializeValueIfKnown;
  return readValues(database, workflowID, text, read, valuesPerPoll, deserialize, field);
}

/**
 * Waits until a value of a stream has been written, and returns it.
 *
 * @example
 * ```ts
 * import { connect, readStreamOffset, StreamEndedError } from "@dbos-community/client";
 *
 * await using client = await connect();
 * try {
 *   console.log(await readStreamOffset(client, "task-7", "log", 2, { timeoutSeconds: 60 }));
 * } catch (error) {
 *   if (!(error instanceof StreamEndedError)) throw error;
 * }
 * ```
 *
 * @typeParam Value The type of the value.
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param key The key of the stream; of a contract, it types the values.
 * @param offset The offset of the value. The first value has offset 0. A negative offset counts from the
 * end of what has been written, as that of {@linkcode readStream} does: -1 is the last value.
 * @param options How long to wait, and how. By default there is no timeout.
 * @returns The value.
 * @throws {TypeError} If an argument has the wrong type.
 * @throws {TypeError} If a transaction is open on the client, unless `timeoutSeconds` is 0.
 * @throws {RangeError} If the ID or the key is empty, or the offset or an option is out of range.
 * @throws {NonExistentWorkflowError} If there is no such workflow. On a hot standby, which may not have
 * replayed it yet, it is waited for.
 * @throws {StreamTimeoutError} If the value was not written in time.
 * @throws {StreamEndedError} If the stream was closed or the workflow ended before that value.
 * @throws {UnsupportedSerializationError} If the value is in an unknown format, or damaged.
 * @throws {UnsupportedFeatureError} If the schema has no table for streams.
 * @throws {ContractError} If the contract does not allow a value.
 */
export async function readStreamOffset<Value = unknown>(
  client: Client | Driver,
  workflowID: string,
  key: string | ContractKey<"stream", Value>,
  offset: number,
  options: ReadStreamOffsetOptions = {},
): Promise<Value> {
  const database = systemDatabaseOf(client);
  checkText("workflowID of readStreamOffset()", workflowID);
  const text = toKey(key);
  checkText("key of readStreamOffset()", text);
  asOffset("offset of readStreamOffset()", offset);
  const read = readOptions("readStreamOffset()", waitDescription, options);
  const tracing = tracingOf(database, client);
  if (tracing) {
    const call = { name: "readStreamOffset()", details: { workflowID } };
    const readUntraced = (client: Client) =>
      readStreamOffset<Value>(client, workflowID, key, offset, read);
    return await runInSpan(tracing, call, readUntraced);
  }
  const from = { ...read, offset };
  const field = fieldIn(key);
  const values = readValues<Value>(database, workflowID, text, from, 1, deserializeValue, field);
  const { done, value } = await values.next();
  if (done) throw new StreamEndedError(workflowID, text, offset);
  return value;
}
