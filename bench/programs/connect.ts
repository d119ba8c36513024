import { connect } from "../../connect.ts";
import { enqueue } from "../../core.ts";
import { reportPeakMemory } from "./peak_memory.ts";

const client = await connect(Deno.args[0]!);
await enqueue(client, { workflowName: "echo", queueName: "idle" }, 1);
await client.close();
reportPeakMemory();
