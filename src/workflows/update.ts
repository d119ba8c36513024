import { type Client, systemDatabaseOf } from "../client/client.ts";
import * as sql from "../../sql/workflows/mod.ts";
import type { Driver } from "../drivers/driver.ts";
import { serializeAttributes } from "./attributes.ts";
import { checkBoolean, checkInteger, checkNumber, checkText } from "../validate.ts";

/** Until when to delay a workflow: either of the two. */
export interface SetWorkflowDelayOptions {
  /**
   * How long the workflow is kept from running from now on, in seconds; 0 lets it run.
   *
   * @default {undefined}
   */
  delaySeconds?: number;
  /**
   * Until when the workflow is kept from running, in milliseconds since 1970.
   *
   * @default {undefined}
   */
  delayUntilEpochMS?: number;
}

/** How to update attributes. */
export interface UpdateWorkflowAttributesOptions {
  /**
   * Keep the attributes that are not given; otherwise those given replace all.
   *
   * @default {false}
   */
  merge?: boolean;
}

/**
 * Changes the priority of a workflow that is waiting on a queue, or delayed.
 *
 * A workflow that has started or ended stays as it is, and an ID that no workflow has is passed over.
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
 * @param priority Lower runs first, 0 to 2147483647.
 * @throws {TypeError} If the ID is not a string or the priority not a number.
 * @throws {RangeError} If the ID is empty or the priority out of its range.
 */
export async function setWorkflowPriority(
  client: Client | Driver,
  workflowID: string,
  priority: number,
): Promise<void> {
  checkText("workflowID", workflowID);
  // One that is missing is refused too.
  checkInteger("priority", priority ?? null, 0, 2 ** 31 - 1);
  await systemDatabaseOf(client).run(sql.setWorkflowPriority, {
    workflow_id: workflowID,
    priority,
  });
}

/**
 * Changes until when a delayed workflow is kept from running.
 *
 * A workflow that is not, or no longer, delayed stays as it is, and an ID that no workflow has is
 * passed over.
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
 * @param delay Until when, or the seconds from now on alone.
 * @throws {TypeError} If the ID or the delay is of the wrong type, or not one of the two is given.
 * @throws {RangeError} If the ID is empty or the delay out of its range.
 * @throws {UnsupportedFeatureError} If the system database has no delays.
 */
export async function setWorkflowDelay(
  client: Client | Driver,
  workflowID: string,
  delay: number | SetWorkflowDelayOptions,
): Promise<void> {
  const { delaySeconds, delayUntilEpochMS }: SetWorkflowDelayOptions = typeof delay === "object"
    ? delay ?? {}
    : { delaySeconds: delay };
  checkText("workflowID", workflowID);
  if ((delaySeconds === undefined) === (delayUntilEpochMS === undefined)) {
    throw new TypeError(
      "Cannot use the given delay: expected either delaySeconds or delayUntilEpochMS",
    );
  }
  checkNumber("delaySeconds", delaySeconds, 0, Number.MAX_SAFE_INTEGER / 1000);
  checkInteger("delayUntilEpochMS", delayUntilEpochMS, 0);
  const database = systemDatabaseOf(client);
  await database.run(sql.setWorkflowDelay, {
    workflow_id: workflowID,
    until_epoch_ms: delayUntilEpochMS ?? null,
    delay_ms: delaySeconds === undefined ? null : Math.ceil(delaySeconds * 1000),
  });
}

/**
 * Replaces the attributes of a workflow, whatever its status; with `merge` it replaces those of the
 * given names and keeps the others.
 *
 * An ID that no workflow has is passed over.
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
 * @throws {TypeError} If the ID is not a string, the attributes are not a plain object of which JSON
 * can be made, or null is to be merged.
 * @throws {RangeError} If the ID is empty, or an attribute is text that Postgres cannot store.
 * @throws {UnsupportedFeatureError} If the system database has no attributes.
 */
export async function updateWorkflowAttributes(
  client: Client | Driver,
  workflowID: string,
  attributes: Record<string, unknown> | null,
  options: UpdateWorkflowAttributesOptions = {},
): Promise<void> {
  const { merge = false } = options;
  checkText("workflowID", workflowID);
  checkBoolean("merge", merge);
  const json = attributes !== null || merge ? serializeAttributes(attributes) : null;
  const database = systemDatabaseOf(client);
  await database.run(sql.updateWorkflowAttributes, {
    workflow_id: workflowID,
    merge: Number(merge),
    attributes: json,
  });
}
