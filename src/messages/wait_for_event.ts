import { type Client, runInSpan, systemDatabaseOf, tracingOf } from "../client/client.ts";
import * as sql from "../../sql/messages/mod.ts";
import { applySchema } from "../contracts/apply_schema.ts";
import { type ContractKey, fieldIn, toKey } from "../contracts/contract.ts";
import type { Driver } from "../drivers/driver.ts";
import { DatabaseTimeoutError } from "../errors/database.ts";
import { formatForCall } from "../serialization/custom_format.ts";
import { deserializeValue } from "../serialization/read.ts";
import { readOptions } from "../options.ts";
import type { Tracing } from "../tracing/tracing.ts";
import { checkText } from "../validate.ts";
import { pollObjects } from "../polling/poll_query.ts";
import { createWaiter, waitDescription, type WaitOptions } from "../polling/waiter.ts";

const eventsQuery = pollObjects(sql.findEvents, sql.findEvent);
const defaultTimeoutSeconds = 60;

/** Waits for an event in a span of its own. */
async function waitInSpan<Value>(
  tracing: Tracing,
  workflowID: string,
  key: string | ContractKey<"event", Value>,
  options: WaitOptions,
): Promise<Value | null> {
  const call = { name: "getEvent()", details: { workflowID } };
  const waitUntraced = (client: Client) => waitForEvent<Value>(client, workflowID, key, options);
  return await runInSpan(tracing, call, waitUntraced);
}

/** Waits for an event, and reads its value. */
export async function waitForEvent<Value>(
  client: Client | Driver,
  workflowID: string,
  givenKey: string | ContractKey<"event", Value>,
  options: number | WaitOptions,
): Promise<Value | null> {
  const database = systemDatabaseOf(client);
  checkText("workflowID of getEvent()", workflowID);
  const key = toKey(givenKey);
  checkText("key of getEvent()", key);
  const read = readOptions(
    "getEvent()",
    waitDescription,
    typeof options === "number" ? { timeoutSeconds: options } : options,
  );
  const tracing = tracingOf(database, client);
  if (tracing) return await waitInSpan(tracing, workflowID, givenKey, read);
  // A deadline replaces the default timeout.
  const hasEnd = read.timeoutSeconds !== undefined || read.deadlineEpochMS !== undefined;
  const waitOptions = hasEnd ? read : { ...read, timeoutSeconds: defaultTimeoutSeconds };
  const target = {
    item: JSON.stringify({ workflow_id: workflowID, key }),
    notification: `${workflowID}::${key}`,
  };
  const waiter = createWaiter(database, eventsQuery, waitOptions);
  const [event] = await waiter.next([target]) ?? [];
  if (!event) {
    const { error: cause } = waiter;
    if (cause === undefined) return null;
    throw new DatabaseTimeoutError(database.settings.attemptTimeoutSeconds, { cause });
  }
  const serializer = formatForCall(database.settings.serializer, read.signal);
  const value = await deserializeValue(event.value, event.serialization, serializer);
  return await applySchema(fieldIn(givenKey), value as Value, read.signal, (value) => value);
}
