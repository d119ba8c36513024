import { launchApp, shutdownApp } from "./worker_app.ts";

await launchApp(JSON.parse(Deno.args[0] ?? "{}"));
console.log("ready");

// The parent holds the other end of stdin: whatever becomes of it, this process ends as well.
for await (const _ of Deno.stdin.readable);
await shutdownApp();
Deno.exit();
