// Measures the driver alone.
import { reportPeakMemory } from "./peak_memory.ts";

const driver = "@db/postgres";
const { Client } = await import(driver);

const client = new Client(Deno.args[0]!);
await client.connect();
await client.queryArray("select 1");
await client.end();
reportPeakMemory();
