import { launchApp, shutdownApp } from "./worker_app.ts";

await launchApp(JSON.parse(Deno.args[0] ?? "{}"));
console.log("ready");

// The parent process holds the other end of stdin, so this process also ends if it is killed.
for await (const _ of Deno.stdin.readable);
await shutdownApp();
Deno.exit();
