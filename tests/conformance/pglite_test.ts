import * as library from "../../mod.ts";
import { pgliteTargets } from "./pglite_targets.ts";
import { testConformance } from "./test_conformance.ts";

for (const [name, open] of Object.entries(pgliteTargets)) {
  testConformance(`${name}, and the worker in the same process`, () => open({ library }));
}
