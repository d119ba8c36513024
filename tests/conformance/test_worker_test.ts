import * as library from "../../mod.ts";
import { testConformance } from "./test_conformance.ts";
import { testWorkerTargets } from "./test_worker_targets.ts";

for (const [name, open] of Object.entries(testWorkerTargets)) {
  testConformance(`the test worker on ${name}`, () => open(library));
}
