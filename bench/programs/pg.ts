import pg from "pg";
import { enqueue } from "../../core.ts";
import { reportPeakMemory } from "./peak_memory.ts";

const pool = new pg.Pool({ connectionString: Deno.args[0]! });
await enqueue(pool, { workflowName: "echo", queueName: "idle" }, 1);
await pool.end();
reportPeakMemory();
