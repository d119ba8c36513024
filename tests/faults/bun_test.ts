import { bunSkipReason, installBun, openBunCaller } from "./bun_caller.ts";
import { testFaults } from "./faults.ts";

Deno.test({
  name: "faults over Bun.sql",
  ignore: bunSkipReason !== undefined,
  async fn(test) {
    const folder = await Deno.makeTempDir();
    try {
      await installBun(folder);
      await testFaults((...args) => Promise.resolve(openBunCaller(folder, ...args)), test);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
