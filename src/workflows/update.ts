import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/workflows/mod.ts";
import type { Driver } from "../drivers/driver.ts";
import { serializeAttributes } from "../serialization/write_portable_json.ts";
import {
  asBoolean,
  asInteger,
  asNumber,
  describeOptions,
  type OptionsDescription,
  readOptions,
} from "../options.ts";
import { checkInteger, checkPlainObject, checkText } from "../validate.ts";

/** How long to delay a workflow; give exactly one of the two options. */
export interface SetWorkflowDelayOptions {
  /**
   * How long to delay the workflow from now on, in seconds; 0 ends the delay.
   *
   * @default {undefined}
   */
  delaySeconds?: number;
  /**
   * The time until which to delay the workflow, in milliseconds since 1970.
   *
   * @default {undefined}
   */
  delayUntilEpochMS?: number;
}

/** How to update attributes. */
export interface UpdateWorkflowAttributesOptions extends CallOptions {
  /**
   * Keep the attributes that are not given. Otherwise the given attributes replace all of them.
   *
   * @default {false}
   */
  merge?: boolean;
}

const delayDescription: OptionsDescription<SetWorkflowDelayOptions> = describeOptions<
  SetWorkflowDelayOptions
>({
  delaySeconds: asNumber(0, Number.MAX_SAFE_INTEGER / 1000),
  delayUntilEpochMS: asInteger(0),
});

const updateDescription: OptionsDescription<UpdateWorkflowAttributesOptions> = describeOptions<
  UpdateWorkflowAttributesOptions
>({ ...callDescription.checks, merge: asBoolean });

/**
 * Changes the priority of a workflow that is enqueued or delayed.
 *
 * A workflow that has started or ended is not changed, and an unknown ID is ignored.
 *
 * @example
 * ```ts
 * import { connect, setWorkflowPriority } from "@dbos-community/client";
 *
 * await using client = await connect();
 * await setWorkflowPriority(client, "task-8", 1);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param priority The priority, from 0 to 2147483647. Lower runs first.
 * @param options An abort signal.
 * @throws {TypeError} If the ID is not a string, or the priority is not a number.
 * @throws {RangeError} If the ID is empty, or the priority is out of range.
 */
export async function setWorkflowPriority(
  client: Client | Driver,
  workflowID: string,
  priority: number,
  options: CallOptions = {},
): Promise<void> {
  const [database] = openCall(client, "setWorkflowPriority()", callDescription, options);
  checkText("workflowID of setWorkflowPriority()", workflowID);
  checkInteger("priority of setWorkflowPriority()", priority, 0, 2 ** 31 - 1);
  await database.run(sql.setWorkflowPriority, { workflow_id: workflowID, priority });
}

/**
 * Changes the delay of a delayed workflow.
 *
 * A workflow that is not delayed is not changed, and an unknown ID is ignored.
 *
 * @example
 * ```ts
 * import { connect, enqueue, setWorkflowDelay } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const { workflowID, getResult } = await enqueue(
 *   client,
 *   { workflowName: "processTask", queueName: "tasks", delaySeconds: 3600 },
 *   { id: 8 },
 * );
 * await setWorkflowDelay(client, workflowID, 1);
 * console.log(await getResult({ timeoutSeconds: 30 }));
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param delay The delay from now on, in seconds, or an object with the delay or its end.
 * @param options An abort signal.
 * @throws {TypeError} If the ID or the delay has the wrong type, or not exactly one of
 * `delaySeconds` and `delayUntilEpochMS` is given.
 * @throws {RangeError} If the ID is empty, or the delay is out of range.
 * @throws {UnsupportedFeatureError} If the system database does not support delays.
 */
export async function setWorkflowDelay(
  client: Client | Driver,
  workflowID: string,
  delay: number | SetWorkflowDelayOptions,
  options: CallOptions = {},
): Promise<void> {
  const [database] = openCall(client, "setWorkflowDelay()", callDescription, options);
  checkText("workflowID of setWorkflowDelay()", workflowID);
  const { delaySeconds, delayUntilEpochMS } = readOptions(
    "setWorkflowDelay()",
    delayDescription,
    typeof delay === "object" ? delay : { delaySeconds: delay },
  );
  if ((delaySeconds === undefined) === (delayUntilEpochMS === undefined)) {
    throw new TypeError(
      "Cannot set the delay of a workflow: expected either delaySeconds or delayUntilEpochMS",
    );
  }
  await database.run(sql.setWorkflowDelay, {
    workflow_id: workflowID,
    until_epoch_ms: delayUntilEpochMS ?? null,
    delay_ms: delaySeconds === undefined ? null : Math.ceil(delaySeconds * 1000),
  });
}

/**
 * Replaces the attributes of a workflow, whatever its status. With `merge` it replaces only the
 * given attributes and keeps the others.
 *
 * An unknown ID is ignored.
 *
 * @example
 * ```ts
 * import { connect, getStatus, updateWorkflowAttributes } from "@dbos-community/client";
 *
 * await using client = await connect();
 * await updateWorkflowAttributes(client, "task-7", { customer: 7, paid: false });
 * await updateWorkflowAttributes(client, "task-7", { paid: true }, { merge: true });
 * console.log((await getStatus(client, "task-7"))?.attributes);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param attributes The attributes; null removes all of them.
 * @param options Whether to merge.
 * @throws {TypeError} If the ID is not a string, the attributes are not a plain object that can be
 * serialized as JSON, or they are null and `merge` is set.
 * @throws {RangeError} If the ID is empty, or the attributes contain text that Postgres cannot
 * store.
 * @throws {UnsupportedFeatureError} If the system database does not support attributes.
 */
export async function updateWorkflowAttributes(
  client: Client | Driver,
  workflowID: string,
  attributes: Record<string, unknown> | null,
  options: UpdateWorkflowAttributesOptions = {},
): Promise<void> {
  const [database, { merge = false }] = openCall(
    client,
    "updateWorkflowAttributes()",
    updateDescription,
    options,
  );
  checkText("workflowID of updateWorkflowAttributes()", workflowID);
  let json: string | null = null;
  if (attributes !== null || merge) {
    checkPlainObject("attributes of updateWorkflowAttributes()", attributes);
    json = serializeAttributes(attributes);
  }
  await database.run(sql.updateWorkflowAttributes, {
    workflow_id: workflowID,
    merge: Number(merge),
    attributes: json,
  });
}
