// What the driver takes for the statements of a first enqueue(), which the bench has recorded.
import pg from "pg";
import { reportPeakMemory } from "./peak_memory.ts";

const [url, file] = Deno.args;
const text = await Deno.readTextFile(file!);
const pool = new pg.Pool({ connectionString: url! });
for (const statement of JSON.parse(text.replaceAll("WORKFLOW_ID", crypto.randomUUID()))) {
  await pool.query({ ...statement, rowMode: "array" });
}
await pool.end();
reportPeakMemory();
