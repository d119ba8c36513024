import { type Client, systemDatabaseOf } from "../client/client.ts";
import * as sql from "../../sql/messages/mod.ts";
import type { Driver } from "../drivers/driver.ts";
import { NonExistentWorkflowError } from "../errors/managing.ts";
import { StreamEndedError, StreamTimeoutError } from "../errors/waiting.ts";
import { deserializeValue } from "../serialization/mod.ts";
import { checkBoolean, checkInteger, checkText } from "../validate.ts";
import { pollObjects } from "../polling/poller.ts";
import { createWaiter, type WaitOptions, withWaiter } from "../polling/waiter.ts";

/** How to read a stream. Each value is given `timeoutSeconds` of its own. */
export interface ReadStreamOptions extends WaitOptions {
  /**
   * The offset of the first value to read.
   *
   * @default {0}
   */
  offset?: number;
  /**
   * Ends after the values that are there, instead of waiting for more.
   *
   * @default {false}
   */
  snapshot?: boolean;
}

/** How long to wait for a value of a stream, and how. */
export type ReadStreamOffsetOptions = Omit<ReadStreamOptions, "offset" | "snapshot">;

const streamValuesQuery = pollObjects(sql.findStreamValues);
const maxOffset = 2 ** 31 - 1;
const valuesPerPoll = 100;

// What a worker writes when it closes a stream, as it is stored: as JSON, and before that as it is, or
// by Python as a pickle, in the protocol of its versions up to 3.13 and of those since.
const closeMarkers = new Set([
  '"__DBOS_STREAM_CLOSED__"',
  "__DBOS_STREAM_CLOSED__",
  "gASVGgAAAAAAAACMFl9fREJPU19TVFJFQU1fQ0xPU0VEX1+ULg==",
  "gAWVGgAAAAAAAACMFl9fREJPU19TVFJFQU1fQ0xPU0VEX1+ULg==",
]);

function readValues<Value>(
  client: Client | Driver,
  workflowID: string,
  key: string,
  options: ReadStreamOptions,
  max: number,
): AsyncGenerator<Value, void, void> {
  const { offset: firstOffset = 0, snapshot = false, ...waitOptions } = options;
  checkText("workflowID", workflowID);
  checkText("key", key);
  checkInteger("offset", firstOffset, 0, maxOffset);
  checkBoolean("snapshot", snapshot);
  if (snapshot) waitOptions.timeoutSeconds = 0;
  const waiter = createWaiter(systemDatabaseOf(client), streamValuesQuery, waitOptions);

  async function* values(): AsyncGenerator<Value, void, void> {
    let offset = firstOffset;
    let pollImmediately = true;
    while (true) {
      waiter.restart(pollImmediately);
      const [found] = await waiter.next([{
        item: JSON.stringify({ workflow_id: workflowID, key, offset, max_values: max }),
        notification: `${workflowID}::${key}`,
      }]) ?? [];
      if (!found) {
        if (snapshot || waiter.isEnded) return;
        const { timeoutSeconds = Infinity } = waitOptions;
        throw new StreamTimeoutError(workflowID, key, offset, timeoutSeconds);
      }
      if (found.status === null) {
        throw new NonExistentWorkflowError(workflowID, `read stream ${key} of`);
      }
      const pairs: [text: string, serialization: string | null][] = JSON.parse(found.pairs ?? "[]");
      if (pairs.length === 0) return;
      for (const [text, serialization] of pairs) {
        if (closeMarkers.has(text)) return;
        yield await deserializeValue(text, serialization) as Value;
        offset++;
      }
      // What a workflow that no longer runs has written is all there.
      pollImmediately = pairs.length === max || found.status !== "PENDING";
    }
  }
  return withWaiter(waiter, values());
}

/**
 * Reads the values of a stream that a workflow writes, one after the other, and waits for more
 * until the stream is closed or the workflow has ended. Many values come with one query, however slowly
 * they are dealt with; the streams of a client share theirs.
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
 * @param key The key of the stream.
 * @param options Where to start, and how long to wait for each value; without, from the start and
 * for as long as it takes.
 * @returns The values.
 * @throws {TypeError} If an argument is of the wrong type.
 * @throws {RangeError} If the ID or the key is empty, or an option is out of its range.
 * @throws {NonExistentWorkflowError} If there is no such workflow.
 * @throws {StreamTimeoutError} If a value has not come within `timeoutSeconds`.
 * @throws {UnsupportedSerializationError} If a value is in a format that is not known.
 */
export function readStream<Value = unknown>(
  client: Client | Driver,
  workflowID: string,
  key: string,
  options: ReadStreamOptions = {},
): AsyncGenerator<Value, void, void> {
  return readValues(client, workflowID, key, options, valuesPerPoll);
}

/**
 * Reads one value of a stream; waits for it to be written.
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
 * @param key The key of the stream.
 * @param offset The offset of the value, from 0 on.
 * @param options How long to wait, and how; without, for as long as it takes.
 * @returns The value.
 * @throws {TypeError} If an argument is of the wrong type.
 * @throws {RangeError} If the ID or the key is empty, or the offset or an option out of its range.
 * @throws {NonExistentWorkflowError} If there is no such workflow.
 * @throws {StreamTimeoutError} If the value has not come within `timeoutSeconds`.
 * @throws {StreamEndedError} If the stream was closed or the workflow ended before that value.
 * @throws {UnsupportedSerializationError} If the value is in a format that is not known.
 */
export async function readStreamOffset<Value = unknown>(
  client: Client | Driver,
  workflowID: string,
  key: string,
  offset: number,
  options: ReadStreamOffsetOptions = {},
): Promise<Value> {
  const values = readValues<Value>(client, workflowID, key, { ...options, offset }, 1);
  const { done, value } = await values.next();
  if (done) throw new StreamEndedError(workflowID, key, offset);
  return value;
}
