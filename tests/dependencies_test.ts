/** Tests that every dependency is an exact version, so that what is tested is what is published. */
import { assert, assertMatch } from "@std/assert";
import config from "../deno.json" with { type: "json" };

const exact = /^(npm|jsr):(@[\w-]+\/)?[\w.-]+@\d+\.\d+\.\d+(-[\w.]+)?$/;

async function* findModules(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const url = new URL(isDirectory ? `${name}/` : name, folder);
    if (isDirectory) yield* findModules(url);
    else if (name.endsWith(".ts")) yield url;
  }
}

Deno.test("every import of deno.json is an exact version", () => {
  for (const specifier of Object.values(config.imports)) assertMatch(specifier, exact);
});

Deno.test("the library imports no packages but those that it publishes as dependencies", async () => {
  const root = new URL("../", import.meta.url);
  const modules = ["mod.ts", "core.ts", "errors.ts", "connect.ts", "client.ts"].map((name) =>
    new URL(name, root)
  );
  for await (const url of findModules(new URL("src/", root))) modules.push(url);
  assert(modules.length > 50);
  for (const url of modules) {
    const packages = ["@opentelemetry/api", "croner", "pg", "superjson"];
    // The entry points besides have one more each.
    if (url.pathname.includes("/src/cli/")) packages.push("@stricli/core");
    if (url.pathname.includes("/src/testing/")) packages.push("@electric-sql/pglite");
    const allowed = new RegExp(`^(\\.{1,2}\\/.*\\.ts|node:[a-z_/]+|${packages.join("|")})$`);
    const code = (await Deno.readTextFile(url)).replaceAll(/^\s*(\*|\/\/|\/\*).*$/gm, "");
    for (const [, specifier] of code.matchAll(/\b(?:from |import\()"([^"]*)"/g)) {
      assertMatch(specifier!, allowed, url.href);
    }
  }
});
