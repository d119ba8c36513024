/** What a workflow does, as messages for a reader: its status, its events and its streams. */

import type { Client } from "../client/client.ts";
import * as sql from "../../sql/http/mod.ts";
import * as messagesSql from "../../sql/messages/mod.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import type { Driver } from "../drivers/driver.ts";
import { NonExistentWorkflowError } from "../errors/managing.ts";
import { UnsupportedSerializationError } from "../errors/reading.ts";
import { WorkflowError } from "../errors/workflow_error.ts";
import { followEvents } from "../messages/follow_events.ts";
import { countValues, readStream } from "../messages/streams.ts";
import { pollObjects } from "../polling/poll_query.ts";
import { createWaiter, type WaitOptions } from "../polling/waiter.ts";
import { SerializedValue } from "../serialization/serialized_value.ts";
import { getResult } from "../workflows/workflow.ts";
import { finalStatuses } from "./final_statuses.ts";
import { merge } from "./merge.ts";
import { formatPosition, hash, type Position } from "./position.ts";

/** Which workflow to read, from where on, and what of it. */
export interface WorkflowSource {
  readonly client: Client | Driver;
  readonly database: SystemDatabase;
  readonly workflowID: string;
  /** Where the reader stands; moves on with each message. */
  readonly position: Position;
  readonly showStatus: boolean;
  /** Which events to read, by their keys, or all. */
  readonly events: readonly string[] | boolean;
  readonly streams: readonly string[];
  readonly showResult: boolean;
  readonly wait: WaitOptions;
}

/** A message, and how it moves the position of its reader. */
interface Message {
  readonly event: string;
  readonly data: string;
  advance(): void;
}

const statusQuery = pollObjects(sql.findStatusChanges);

/** Writes values that JSON does not have as what comes closest. */
function replaceValue(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}`;
  if (value instanceof Map || value instanceof Set) return [...value];
  // It is for a client that knows its format.
  if (value instanceof SerializedValue) return undefined;
  return value;
}

/** Formats the data of a message as JSON. A value that has no JSON is left out. */
function toJSON(data: Record<string, unknown>): string {
  try {
    return JSON.stringify(data, replaceValue);
  } catch {
    const { value: _value, output: _output, ...others } = data;
    return JSON.stringify(others);
  }
}

/** Formats a message of a stream of server-sent events. Neither JSON nor a position has line ends. */
function toText(event: string, data: string, position: Position): string {
  return `event: ${event}\ndata: ${data}\nid: ${formatPosition(position)}\n\n`;
}

/** The status of a workflow; null if it does not exist. */
export async function findStatus(
  database: SystemDatabase,
  workflowID: string,
): Promise<string | null> {
  const targets = JSON.stringify([{ workflow_id: workflowID }]);
  const [row] = await database.run(sql.findStatusChanges, { targets, max_rows: 1 });
  return row!.status;
}

/** Has the reader start at the end of each stream of which it has no position yet. */
export async function moveToEnds(
  { database, workflowID, position, streams }: WorkflowSource,
): Promise<void> {
  const keys = streams.filter((key) => !position.offsets.has(key));
  if (keys.length === 0) return;
  const targets = JSON.stringify(keys.map((key) => ({ workflow_id: workflowID, key })));
  const rows = await database.run(messagesSql.findStreamEnds, { targets, max_rows: keys.length });
  for (const row of rows) {
    const count = await countValues(row, database.settings.serializer);
    position.offsets.set(keys[row.position]!, count);
  }
}

/** A workflow that had ended was resumed: what no longer follows it must start anew. */
class ResumedError extends Error {}

/** Whether resumeWorkflow() resumes a workflow that has ended. */
function canBeResumed(status: string): boolean {
  return status !== "SUCCESS" && status !== "ERROR";
}

/** The statuses of a workflow, for as long as something else of it is read. */
interface StatusSource {
  /** Yields each status, the present one first, until the workflow has ended and nothing is read. */
  follow(): AsyncGenerator<Message, void, void>;
  /** Yields what another source yields. */
  beside(other: AsyncGenerator<Message, void, void>): AsyncGenerator<Message, void, void>;
}

function createStatusSource(
  { database, workflowID, position, showStatus, wait }: WorkflowSource,
  present: string,
  others: number,
): StatusSource {
  const waiter = createWaiter(database, statusQuery, wait);
  let hasEnded = false;
  return {
    async *follow() {
      let status = present;
      while (true) {
        const seen = status;
        if (showStatus && seen !== position.status) {
          yield {
            event: "status",
            data: toJSON({ status: seen }),
            advance: () => position.status = seen,
          };
        }
        if (hasEnded) throw new ResumedError();
        hasEnded = finalStatuses.includes(seen);
        if (hasEnded && (others === 0 || !canBeResumed(seen))) return;
        waiter.restart(false);
        const item = JSON.stringify({ workflow_id: workflowID, status: seen });
        const [row] = await waiter.next([{ item, workflowID }]) ?? [];
        if (!row) return;
        if (row.status === null) throw new NonExistentWorkflowError(workflowID, "follow");
        status = row.status;
      }
    },
    async *beside(other) {
      yield* other;
      others--;
      if (hasEnded && others === 0) waiter.end();
    },
  };
}

/** Yields the events that the reader does not know yet, and then their changes. */
async function* readEvents(
  { client, workflowID, position, events, wait }: WorkflowSource,
): AsyncGenerator<Message, void, void> {
  for await (const { key, value } of followEvents(client, workflowID, wait)) {
    if (Array.isArray(events) && !events.includes(key)) continue;
    const data = toJSON({ key, value });
    const [keyHash, dataHash] = await Promise.all([hash(key), hash(data)]);
    if (position.events.get(keyHash) === dataHash) continue;
    yield { event: "event", data, advance: () => position.events.set(keyHash, dataHash) };
  }
}

async function* readValues(
  { client, workflowID, position, wait }: WorkflowSource,
  key: string,
): AsyncGenerator<Message, void, void> {
  let next = position.offsets.get(key) ?? 0;
  for await (const value of readStream(client, workflowID, key, { ...wait, offset: next })) {
    const offset = next++;
    const data = toJSON({ key, offset, value });
    yield { event: "stream", data, advance: () => position.offsets.set(key, offset + 1) };
  }
}

/** The output of a workflow that has succeeded or failed, or its error. What cannot be read is left out. */
async function readResult(
  { client, workflowID, wait: { signal } }: WorkflowSource,
): Promise<Record<string, unknown>> {
  try {
    const options = { timeoutSeconds: 0, ...signal && { signal } };
    return { output: await getResult(client, workflowID, options) };
  } catch (error) {
    if (error instanceof UnsupportedSerializationError) return {};
    if (!(error instanceof WorkflowError)) throw error;
    return { error: { name: error.name, message: error.message } };
  }
}

/** How a workflow has ended; undefined if it was resumed. */
async function readEnd(source: WorkflowSource): Promise<string | undefined> {
  const status = await findStatus(source.database, source.workflowID);
  if (status !== null && !finalStatuses.includes(status)) return undefined;
  const hasResult = source.showResult && (status === "SUCCESS" || status === "ERROR");
  return toJSON({ status, ...hasResult && await readResult(source) });
}

/**
 * Yields the texts of the messages for a reader: first where it stands, then what it has not read yet, as it
 * happens, and at last how the workflow has ended.
 */
export async function* readWorkflow(
  source: WorkflowSource,
  present: string,
  retryMs: number,
): AsyncGenerator<string, void, void> {
  const { position, events, streams } = source;
  // Without data, it is no message: it only says where to resume.
  yield `retry: ${retryMs}\nid: ${formatPosition(position)}\n\n`;
  const others = [
    ...events ? [readEvents(source)] : [],
    ...streams.map((key) => readValues(source, key)),
  ];
  const status = createStatusSource(source, present, others.length);
  const messages = merge([status.follow(), ...others.map(status.beside)]);
  try {
    for await (const { event, data, advance } of messages) {
      advance();
      yield toText(event, data, position);
    }
  } catch (error) {
    // Without an end, the reader reconnects.
    if (error instanceof ResumedError) return;
    // It was deleted meanwhile.
    if (!(error instanceof NonExistentWorkflowError)) throw error;
  }
  const end = await readEnd(source);
  if (end === undefined) return;
  position.isOver = true;
  yield toText("end", end, position);
}
