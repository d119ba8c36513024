import { driverTargets } from "./driver_targets.ts";
import { testServerConformance } from "./test_conformance.ts";

for (const [name, open] of Object.entries(driverTargets)) {
  if (name.startsWith("npm:pg")) testServerConformance(name, open);
}
