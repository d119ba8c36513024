import { isOldDeno } from "../support/old_deno.ts";
import { drivers } from "./load/program.ts";
import { runSuite } from "./load/suite.ts";

// `deno task faults --seed 12` repeats it for longer.
const seed = 12;

Deno.test({
  name: `no call is lost, doubled or hung by faults under load (seed ${seed})`,
  ignore: isOldDeno,
  async fn(test) {
    await runSuite(test, {
      seed,
      drivers,
      seconds: 0,
      callsBetween: 50,
      producers: 8,
      waiters: 20,
      stride: 20,
    });
  },
});
