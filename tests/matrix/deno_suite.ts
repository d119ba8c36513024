/** The conformance suite like that in `tests/packed/suite.ts`, for Deno. It tests the sources. */
import * as library from "../../mod.ts";
import { customTargets } from "../conformance/custom_targets.ts";
import { dbPostgresTargets } from "../conformance/db_postgres_targets.ts";
import { driverTargets } from "../conformance/driver_targets.ts";
import { pgliteTargets } from "../conformance/pglite_targets.ts";
import { runTargets } from "../conformance/run_targets.ts";

const targets = { ...driverTargets, ...customTargets, ...dbPostgresTargets, ...pgliteTargets };
const [url, ...names] = Deno.args as [string, ...string[]];
Deno.exitCode = await runTargets(targets, names, { library, url }) ? 0 : 1;
