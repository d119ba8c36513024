import { enqueue } from "../../core.ts";
import { reportPeakMemory } from "./peak_memory.ts";

// Some networks cannot reach JSR. Deno resolves an import of a variable only when it runs.
const driver = "@db/postgres";
const { Client } = await import(driver);

const client = new Client(Deno.args[0]!);
await client.connect();
await enqueue(client, { workflowName: "echo", queueName: "idle" }, 1);
await client.end();
reportPeakMemory();
