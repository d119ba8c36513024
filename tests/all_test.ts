import { assert, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

Deno.test("`deno test` without a server says at once what to set", async () => {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check"],
    cwd: root,
    env: { DBOS_TEST_DATABASE_URL: "", NO_COLOR: "1" },
  }).output();
  assert(!success);
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const firstLines = text.split("\n").slice(0, 5).join("\n");
  assertStringIncludes(firstLines, "DBOS_TEST_DATABASE_URL is unset");
  assertStringIncludes(firstLines, "`deno task test`");
});
