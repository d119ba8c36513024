/** A DBOS application that takes the names of its workflows, events, topics and streams from contracts. */

import { DBOS } from "@dbos-inc/dbos-sdk";
import type { WorkflowContract, WorkflowFunction } from "../../mod.ts";
import { contracts, type ReviewTask } from "./contracts.ts";

function register({ workflowName, events, messages, streams }: WorkflowContract<ReviewTask>): void {
  const review: WorkflowFunction<WorkflowContract<ReviewTask>> = async ({ id, writes }) => {
    const setEvent = (value: unknown) => DBOS.setEvent(events.progress.key, value);
    const write = (value: unknown) => DBOS.writeStream(streams.log.key, value);
    await setEvent(0);
    await write(`task ${id} has started`);
    const approval = await DBOS.recv<{ approved: boolean }>(messages.approval.topic, 600);
    if (writes === "a wrong value of a stream") await write(7);
    await setEvent(writes === "a wrong event" ? "secret progress" : 100);
    if (writes === "a wrong result") return { published: "secret result" } as never;
    return { published: approval!.approved };
  };
  DBOS.registerWorkflow(review, { name: workflowName });
}
for (const contract of Object.values(contracts)) register(contract);

DBOS.setConfig({
  name: "shop",
  systemDatabaseUrl: Deno.env.get("DBOS_SYSTEM_DATABASE_URL")!,
  logLevel: "error",
  runAdminServer: false,
});
await DBOS.launch();
await DBOS.registerQueue("tasks", { minPollingIntervalMs: 50 });
