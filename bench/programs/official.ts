import { DBOSClient } from "@dbos-inc/dbos-sdk";
import { reportPeakMemory } from "./peak_memory.ts";

const client = await DBOSClient.create({ systemDatabaseUrl: Deno.args[0]! });
await client.enqueuePortable({ workflowName: "echo", queueName: "idle" }, [1]);
await client.destroy();
reportPeakMemory();
