import { driverLanes } from "./driver_lanes.ts";
import { testServerConformance } from "./test_conformance.ts";

testServerConformance('a schema named My "Dbos', driverLanes["npm:pg Pool"]!, {
  schema: 'My "Dbos',
});
