// Measures the driver of connect() alone.
import postgres from "postgres";
import { reportPeakMemory } from "./peak_memory.ts";

const sql = postgres(Deno.args[0]!, { fetch_types: false });
await sql`select 1`;
await sql.end();
reportPeakMemory();
