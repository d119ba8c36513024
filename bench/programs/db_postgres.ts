import { enqueue } from "../../core.ts";
import { reportPeakMemory } from "./peak_memory.ts";

// JSR is out of reach on some networks. What is imported by a variable is not asked for beforehand.
const driver = "@db/postgres";
const { Client } = await import(driver);

const client = new Client(Deno.args[0]!);
await client.connect();
await enqueue(client, { workflowName: "echo", queueName: "idle" }, 1);
await client.end();
reportPeakMemory();
