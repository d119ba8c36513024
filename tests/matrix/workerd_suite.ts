/** The conformance suite like that in `tests/packed/suite.ts`, for `workerd test`. */
import * as library from "@dbos-community/client";
import { customTargets } from "../conformance/custom_targets.ts";
import { driverTargets } from "../conformance/driver_targets.ts";
import { neonTargets } from "../conformance/neon_targets.ts";
import { runTargets } from "../conformance/run_targets.ts";

const targets = { ...driverTargets, ...customTargets, ...neonTargets };

interface Environment {
  url: string;
  proxyUrl: string;
  names: readonly string[];
}

export default {
  async test(_: unknown, { url, proxyUrl, names }: Environment): Promise<void> {
    const isPassed = await runTargets(targets, names, { library, url, proxyUrl });
    if (!isPassed) throw new Error("Some cases have failed");
  },
};
