// What the driver of connect() takes by itself.
import pg from "pg";
import { reportPeakMemory } from "./peak_memory.ts";

const client = new pg.Client({ connectionString: Deno.args[0]! });
await client.connect();
await client.query("select 1");
await client.end();
reportPeakMemory();
