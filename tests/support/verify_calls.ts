/** Verifies that no call shows a missing table or column of an older schema as it is. */
import { assert } from "@std/assert";
import { type Client, createSchedule, enqueue, UnsupportedFeatureError } from "../../mod.ts";
import { isSchemaMismatch } from "../../src/database/schema.ts";
import { type Call, calls } from "./calls.ts";

const waits = /^(followEvents|get(Event|Result)|readStream|wait)/;

/** Makes a call, and returns the error that it throws. */
async function tryCall(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
}

function findMismatch(error: unknown): unknown {
  for (let found = error; found instanceof Error; found = found.cause) {
    if (isSchemaMismatch(found)) return found;
  }
}

/**
 * Makes a call of every function, with the workflow and the schedule that it is about and without
 * them. Each must work, or throw an error of this library.
 */
export async function verifyCalls(client: Client, schema: string): Promise<void> {
  const task = { workflowName: "echo", queueName: "idle", workflowID: "a workflow" };
  const schedule = { scheduleName: "nightly", workflowName: "echo", schedule: "@daily" };
  for (const [name, call] of Object.entries<Call>(calls)) {
    for (const exists of [false, true]) {
      if (exists) {
        await tryCall(() => enqueue(client, task));
        await tryCall(() => createSchedule(client, schedule));
      }
      const error = await tryCall(() =>
        call(client, waits.test(name) ? { timeoutSeconds: 0 } : {})
      );
      assert(!findMismatch(error), `${name}() with ${schema}: ${error}`);
      if (error instanceof UnsupportedFeatureError) assert(error.needs, `${name}() with ${schema}`);
    }
  }
}
