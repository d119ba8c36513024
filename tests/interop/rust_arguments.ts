/** Tests what the documents say about workflows in Rust whose parameter has a type of its own. */
import { assertEquals, assertRejects } from "@std/assert";
import {
  AwaitedWorkflowCancelledError,
  cancelWorkflow,
  connect,
  enqueue,
  type EnqueueOptions,
} from "../../mod.ts";
import { createTestDatabase } from "../support/database.ts";
import type { Language } from "./languages.ts";
import { startApplication } from "./start_application.ts";
import { until } from "../support/until.ts";

const timeout = { timeoutSeconds: 600 };

/** Tests arguments that such a workflow can read, and what becomes of those that it cannot. */
export async function verifyRustArguments({ command }: Language): Promise<void> {
  await using database = await createTestDatabase();
  await using _application = await startApplication(command, database.url);
  await using client = await connect(database.url);
  const add = { workflowName: "add", queueName: "single" };
  const native: EnqueueOptions = { ...add, serializationType: "rust_serde" };

  const sum = await enqueue(client, native, 2n ** 128n - 2n, -(2n ** 63n));
  assertEquals(await sum.getResult(timeout), 2n ** 128n - 2n - 2n ** 63n);
  const portable = await enqueue(client, { ...add, workflowName: "addPortable" }, 1, 2);
  assertEquals(await portable.getResult(timeout), 3);

  for (
    const [options, args] of [
      // Portable arguments, too few of them, one that does not fit, and an unknown workflow.
      [add, [1, 2]],
      [native, [1]],
      [native, [1, 2 ** 70]],
      [{ ...native, workflowName: "unknown" }, [1, 2]],
    ] as const
  ) {
    const stuck = await enqueue(client, options, ...args);
    await until(async () => (await stuck.getStatus())?.status !== "ENQUEUED");
    const next = await enqueue(client, native, 1, 2);
    const elsewhere = await enqueue(client, { ...native, queueName: "tasks" }, 1, 2);
    assertEquals(await elsewhere.getResult(timeout), 3);
    const { status, error } = (await stuck.getStatus())!;
    assertEquals([status, error], ["PENDING", undefined]);
    assertEquals((await next.getStatus())?.status, "ENQUEUED");
    await cancelWorkflow(client, stuck.workflowID);
    await assertRejects(() => stuck.getResult(timeout), AwaitedWorkflowCancelledError);
    assertEquals(await next.getResult(timeout), 3);
  }
}
