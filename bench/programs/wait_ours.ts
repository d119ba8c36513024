import pg from "pg";
import { enqueue } from "../../core.ts";

const pool = new pg.Pool({ connectionString: Deno.args[0]! });
const handle = await enqueue(pool, { workflowName: "echo", queueName: "tasks" }, 1);
console.log(await handle.getResult());
await pool.end();
