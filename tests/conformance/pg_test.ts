import { driverLanes } from "./driver_lanes.ts";
import { testServerConformance } from "./test_conformance.ts";

for (const [name, open] of Object.entries(driverLanes)) {
  if (name.startsWith("npm:pg")) testServerConformance(name, open);
}
