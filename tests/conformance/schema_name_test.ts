import { driverTargets } from "./driver_targets.ts";
import { testServerConformance } from "./test_conformance.ts";

testServerConformance('a schema named My "Dbos', driverTargets["npm:pg Pool"]!, {
  schema: 'My "Dbos',
});
