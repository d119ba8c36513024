/**
 * The conformance suite as a program for Node and Bun: `suite.js <URL of the system database> <its URL
 * through Neon's proxy> <driver>…`. It tests the installed package. All drivers run at the same time and
 * share one worker.
 */
import * as library from "@dbos-community/client";
import process from "node:process";
import { bunTargets } from "../conformance/bun_targets.ts";
import { customTargets } from "../conformance/custom_targets.ts";
import { driverTargets } from "../conformance/driver_targets.ts";
import { neonTargets } from "../conformance/neon_targets.ts";
import { runTargets } from "../conformance/run_targets.ts";

const targets = { ...driverTargets, ...customTargets, ...neonTargets, ...bunTargets };
const [url, proxyUrl, ...names] = process.argv.slice(2) as [string, string, ...string[]];
// Not exit(), which would hide that the library left something open that keeps a process running.
process.exitCode = await runTargets(targets, names, { library, url, proxyUrl }) ? 0 : 1;
