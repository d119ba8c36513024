/** The conformance suite like that in `tests/packed/suite.ts`, for Deno. It tests the sources. */
import * as library from "../../mod.ts";
import { customTargets } from "../conformance/custom_targets.ts";
import { dbPostgresTargets } from "../conformance/db_postgres_targets.ts";
import { driverTargets } from "../conformance/driver_targets.ts";
import { neonTargets } from "../conformance/neon_targets.ts";
import { pgliteTargets } from "../conformance/pglite_targets.ts";
import { runTargets } from "../conformance/run_targets.ts";

const targets = {
  ...driverTargets,
  ...customTargets,
  ...neonTargets,
  ...dbPostgresTargets,
  ...pgliteTargets,
};
const [url, proxyUrl, ...names] = Deno.args as [string, string, ...string[]];
Deno.exitCode = await runTargets(targets, names, { library, url, proxyUrl }) ? 0 : 1;
