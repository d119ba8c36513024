/** The conformance suite like that in `tests/packed/suite.ts`, for PGlite, which needs no server. */
import * as library from "@dbos-community/client";
import process from "node:process";
import { pgliteTargets } from "../conformance/pglite_targets.ts";
import { runTargets } from "../conformance/run_targets.ts";

const [url, proxyUrl, ...names] = process.argv.slice(2) as [string, string, ...string[]];
process.exitCode = await runTargets(pgliteTargets, names, { library, url, proxyUrl }) ? 0 : 1;
