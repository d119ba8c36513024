import { customTargets } from "./custom_targets.ts";
import { testServerConformance } from "./test_conformance.ts";

for (const [name, open] of Object.entries(customTargets)) testServerConformance(name, open);
