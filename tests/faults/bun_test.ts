import { bunSkipReason, openBunCaller, prepareFolder } from "./bun_caller.ts";
import { type OpenCaller, testFaults } from "./faults.ts";
import { testPoolerFaults } from "./pooler_faults.ts";

Deno.test({
  name: "faults over Bun.sql",
  ignore: bunSkipReason !== undefined,
  async fn(test) {
    const folder = await Deno.makeTempDir();
    try {
      await prepareFolder(folder);
      const open: OpenCaller = (...args) => Promise.resolve(openBunCaller(folder, ...args));
      await testFaults(open, { discards: false }, test);
      await testPoolerFaults(open, test);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
