import { fileURLToPath } from "node:url";
import { run, testFlags } from "./support/run_example.ts";

Deno.test({
  name: "TypeScript infers the types of contracts, and rejects what they do not allow",
  ignore: testFlags.includes("--no-check"),
  async fn() {
    const file = fileURLToPath(new URL("./contracts/types.ts", import.meta.url));
    await run([Deno.execPath(), "check", "--quiet", ...testFlags, file]);
  },
});
