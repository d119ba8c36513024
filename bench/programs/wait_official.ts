import { DBOSClient } from "@dbos-inc/dbos-sdk";

const client = await DBOSClient.create({ systemDatabaseUrl: Deno.args[0]! });
const handle = await client.enqueuePortable({ workflowName: "echo", queueName: "tasks" }, [1]);
console.log(await handle.getResult());
await client.destroy();
