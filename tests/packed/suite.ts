/**
 * The conformance suite as a program for any runtime: `suite.js <URL of the system database> <its URL
 * through Neon's proxy>`. It tests the installed package. All targets run at the same time and share one
 * worker.
 */
import * as library from "@dbos-community/client";
import { assertEquals } from "@std/assert";
import process from "node:process";
import { cases } from "../conformance/cases.ts";
import { driverTargets, type OpenTarget } from "../conformance/driver_targets.ts";
import { neonTargets } from "../conformance/neon_targets.ts";
import { bunTargets } from "./bun_targets.ts";

const [url, proxyUrl] = process.argv.slice(2) as [string, string];
// Node 20 has none.
const hasWebSocket = "WebSocket" in globalThis;
const drivers = ["npm:pg Pool", "npm:pg Client", "npm:postgres"];
const targets: Record<string, OpenTarget> = {
  ...Object.fromEntries(drivers.map((name) => [name, driverTargets[name]!])),
  ...Object.fromEntries(
    Object.entries(neonTargets)
      .filter(([name]) => hasWebSocket || !name.endsWith("Pool"))
      .map(([name, open]) => [name, (fixture) => Promise.resolve(open(fixture, proxyUrl))]),
  ),
  ...("Bun" in globalThis && bunTargets),
};
let passed = 0;
let failed = 0;

async function runCase(title: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
    passed++;
    console.log(`ok      ${title}`);
  } catch (error) {
    failed++;
    console.log(`FAILED  ${title}:`, error);
  }
}

async function runTarget(name: string, open: OpenTarget): Promise<void> {
  const target = await open({ library, url });
  // Node 20 cannot parse `await using`.
  try {
    for (const [title, run] of Object.entries(cases)) {
      await runCase(`${name}: ${title}`, () => run(target));
    }
  } finally {
    await target[Symbol.asyncDispose]();
  }
}

async function useConnect(): Promise<void> {
  const client = await library.connect(url);
  try {
    const task = { workflowName: "echo", queueName: "tasks" };
    const handle = await library.enqueue(client, task, "connected");
    assertEquals(await handle.getResult({ timeoutSeconds: 600 }), ["connected"]);
  } finally {
    await client.close();
  }
}

await Promise.all([
  runCase("connect() opens the driver that the package depends on", useConnect),
  ...Object.entries(targets).map(([name, open]) => runTarget(name, open)),
]);
console.log(`${passed} passed, ${failed} failed`);
// Not exit(), which would hide that the library left something open that keeps a process running.
process.exitCode = failed > 0 ? 1 : 0;
