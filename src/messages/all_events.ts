import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/messages/mod.ts";
import { contractIn, type ContractOption } from "../contracts/contract.ts";
import type { Driver } from "../drivers/driver.ts";
import { readInSlices } from "../read_in_slices.ts";
import { checkText } from "../validate.ts";
import { createFieldReader } from "./field_reader.ts";

/** The values of events by their keys, if `Events` are those of a contract; otherwise of any. */
export type EventValues<Events> = unknown extends Events ? Record<string, unknown>
  : { readonly [Key in keyof Events]?: Events[Key] };

/**
 * Returns the latest values of all events that a workflow has set. A value that this client cannot
 * read is a {@linkcode SerializedValue}. With a contract that has events, it returns only these, and one
 * that its schema does not allow is an error.
 *
 * @example
 * ```ts
 * import { connect, getAllEvents } from "@dbos-community/client";
 *
 * await using client = await connect();
 * for (const [key, value] of Object.entries(await getAllEvents(client, "task-7"))) {
 *   console.log(key, value);
 * }
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param options An abort signal, and the contract of the workflow if there is one.
 * @returns The values by the keys of the events; empty if there is no such workflow.
 * @throws {TypeError} If the ID is not a string.
 * @throws {RangeError} If the ID is empty.
 * @throws {ContractError} If the contract does not allow a value.
 */
export async function getAllEvents<Events = unknown>(
  client: Client | Driver,
  workflowID: string,
  options: CallOptions & ContractOption<unknown, unknown, Events> = {},
): Promise<EventValues<Events>> {
  const [database, { signal }] = openCall(client, "getAllEvents()", callDescription, options);
  checkText("workflowID of getAllEvents()", workflowID);
  const rows = await database.run(sql.getAllEvents, { workflow_id: workflowID });
  const reader = createFieldReader(
    contractIn(options)?.events,
    database.settings.serializer,
    signal,
  );
  const included = rows.filter(({ key }) => reader.isIncluded(key));
  const values = await readInSlices(included, signal, reader.read);
  const entries = values.map((value, index) => [included[index]!.key, value]);
  return Object.fromEntries(entries) as EventValues<Events>;
}
