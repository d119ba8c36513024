import { type Client, systemDatabaseOf } from "../client/client.ts";
import * as sql from "../../sql/messages/mod.ts";
import { contractIn, type ContractOption } from "../contracts/contract.ts";
import type { Driver } from "../drivers/driver.ts";
import { NonExistentWorkflowError } from "../errors/managing.ts";
import { EventTimeoutError } from "../errors/waiting.ts";
import { readOptions } from "../options.ts";
import { pollObjects } from "../polling/poll_query.ts";
import { createWaiter, waitDescription, type WaitOptions, withWaiter } from "../polling/waiter.ts";
import { formatForCall } from "../serialization/custom_format.ts";
import { checkText } from "../validate.ts";
import { createFieldReader } from "./field_reader.ts";
import { readErrorOptions } from "../workflows/wait_error.ts";

/** An event that a workflow has set. */
export interface WorkflowEvent<Key = string, Value = unknown> {
  /** The key of the event. */
  readonly key: Key;
  /** The value of the event. */
  readonly value: Value;
}

/** One of several events, if `Events` are those of a contract; otherwise any. */
export type WorkflowEventOf<Events> = unknown extends Events ? WorkflowEvent
  : { [Key in keyof Events]: WorkflowEvent<Key, Events[Key]> }[keyof Events];

const changesQuery = pollObjects(sql.findEventChanges);

type ChangeRow = NonNullable<typeof sql.findEventChanges.row>;

/**
 * Follows the events of a workflow: yields those that are set, by their keys, and then each event that is
 * set to another value, until the workflow has ended.
 *
 * A value that is replaced before it was read is skipped: the latest value of each event arrives, but not
 * necessarily all. A stream keeps all values. An event that is set to the same value again has not changed.
 * A value that this client cannot read is a {@linkcode SerializedValue}. With a contract that has events,
 * it yields only these, and one that its schema does not allow is an error.
 *
 * All that follow events with one client share their queries.
 *
 * @example
 * ```ts
 * import { connect, followEvents } from "@dbos-community/client";
 *
 * await using client = await connect();
 * for await (const { key, value } of followEvents(client, "task-7", { timeoutSeconds: 60 })) {
 *   console.log(key, value);
 * }
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param options How long to wait for each change, and how, and the contract of the workflow if there is
 * one. By default there is no timeout.
 * @returns The changes.
 * @throws {TypeError} If the ID or an option has the wrong type.
 * @throws {TypeError} If a transaction is open on the client, unless `timeoutSeconds` is 0.
 * @throws {RangeError} If the ID is empty, or an option is out of range.
 * @throws {NonExistentWorkflowError} If there is no such workflow. On a hot standby, which may not have
 * replayed it yet, it is waited for.
 * @throws {EventTimeoutError} If no event changed in time, and the workflow has not ended.
 * @throws {ContractError} If the contract does not allow a value.
 */
export function followEvents<Events = unknown>(
  client: Client | Driver,
  workflowID: string,
  options: WaitOptions & ContractOption<unknown, unknown, Events> = {},
): AsyncGenerator<WorkflowEventOf<Events>, void, void> {
  const database = systemDatabaseOf(client);
  checkText("workflowID of followEvents()", workflowID);
  const read = readOptions("followEvents()", waitDescription, options);
  const { deadlineEpochMS = Infinity } = read;
  const waiter = createWaiter(database, changesQuery, read);

  async function createTimeoutError(): Promise<EventTimeoutError> {
    const details = await readErrorOptions(database, workflowID, read.signal, waiter);
    return new EventTimeoutError(workflowID, waiter.timeoutSeconds, details);
  }

  async function* changes(): AsyncGenerator<WorkflowEventOf<Events>, void, void> {
    const serializer = formatForCall(database.settings.serializer, read.signal);
    const reader = createFieldReader(contractIn(options)?.events, serializer, read.signal);
    const latest = new Map<string, ChangeRow>();
    waiter.restart(true);
    while (true) {
      const isDeadlineOver = Date.now() >= deadlineEpochMS;
      const isTimeoutOver = performance.now() >= waiter.deadline;
      const versions = Object.fromEntries([...latest].map(([key, { version }]) => [key, version]));
      const found = await waiter.next([{
        item: JSON.stringify({ workflow_id: workflowID, versions }),
        notification: `${workflowID}::`,
        workflowID,
      }]);
      const last = found?.at(-1);
      if (!found || !last) {
        if (waiter.isEnded) return;
        throw await createTimeoutError();
      }
      if (last.has_ended === null) {
        throw new NonExistentWorkflowError(workflowID, "follow the events of");
      }
      let hasChanged = false;
      for (const row of found) {
        // Without an event, the workflow has ended.
        if (row.key === null) return;
        const before = latest.get(row.key);
        latest.set(row.key, row);
        if (row.value === before?.value && row.serialization === before?.serialization) continue;
        if (!reader.isIncluded(row.key)) continue;
        hasChanged = true;
        const value = await reader.read({ ...row, key: row.key });
        yield { key: row.key, value } as WorkflowEventOf<Events>;
      }
      const isCut = last.is_cut;
      if (last.has_ended && !isCut) return;
      if (hasChanged) waiter.restart(isCut);
      // Otherwise events that are set again and again would never end.
      const isOver = isDeadlineOver || (isTimeoutOver && !hasChanged);
      if (isOver && !isCut) throw await createTimeoutError();
    }
  }
  return withWaiter(waiter, changes());
}
