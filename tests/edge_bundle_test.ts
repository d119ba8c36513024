/** Tests that bundlers for the edge can take `core` as it is, with a driver of one's own. */
import { assert, assertEquals } from "@std/assert";
import * as esbuild from "esbuild";
import { fileURLToPath, pathToFileURL } from "node:url";
import pg from "pg";
import type { CustomDriver } from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const program = `
  import { createClient, enqueue, getResult } from "./core.ts";

  export async function run(driver) {
    const client = createClient(driver);
    const handle = await enqueue(client, { workflowName: "echo", queueName: "tasks" }, 7);
    await getResult(client, handle.workflowID, { timeoutSeconds: 0 }).catch(() => {});
    return handle.workflowID;
  }
`;

const targets: Record<string, esbuild.BuildOptions> = {
  "a browser": { platform: "browser" },
  "Cloudflare Workers": { platform: "browser", conditions: ["workerd", "worker", "browser"] },
  "Vercel's edge runtime": { platform: "browser", conditions: ["edge-light", "browser"] },
};

/** Bundles a program. esbuild fails on an import that it cannot resolve, as are those of Node here. */
async function bundle(options: esbuild.BuildOptions): Promise<esbuild.Metafile> {
  const { metafile } = await esbuild.build({
    ...options,
    bundle: true,
    format: "esm",
    splitting: true,
    metafile: true,
    logLevel: "silent",
    // They need nothing of Node. In a project they are installed with the package.
    external: ["superjson", "@opentelemetry/api"],
  });
  const imports = Object.values(metafile!.outputs).flatMap(({ imports }) => imports);
  const externals = imports.filter(({ external }) => external).map(({ path }) => path);
  assertEquals(new Set(externals), new Set(["superjson", "@opentelemetry/api"]));
  return metafile!;
}

for (const [name, options] of Object.entries(targets)) {
  Deno.test({
    name: `core is bundled for ${name}, and reaches neither a driver nor Node`,
    // The process of esbuild runs on.
    sanitizeResources: false,
    sanitizeOps: false,
    async fn() {
      await using resources = new AsyncDisposableStack();
      const { url } = resources.use(await createTestDatabase());
      const outdir = await Deno.makeTempDir();
      resources.defer(() => Deno.remove(outdir, { recursive: true }));
      const { inputs } = await bundle({
        ...options,
        stdin: { contents: program, resolveDir: root, sourcefile: "program.ts" },
        outdir,
        entryNames: "program",
      });
      const isElsewhere = (path: string) => /^src\/(connection|http)\//.test(path);
      assert(!Object.keys(inputs).some(isElsewhere));

      const pool = new pg.Pool({ connectionString: url });
      resources.defer(() => pool.end());
      await migrate(pool);
      const driver: CustomDriver = {
        query: async (text, values) => (await pool.query(text, [...values])).rows,
      };
      const { run } = await import(pathToFileURL(`${outdir}/program.js`).href);
      const workflowID: string = await run(driver);
      const { rows } = await pool.query("select workflow_uuid from dbos.workflow_status");
      assertEquals(rows, [{ workflow_uuid: workflowID }]);
    },
  });
}

for (const [name, options] of Object.entries(targets)) {
  Deno.test({
    name: `the HTTP handlers are bundled for ${name}, and reach neither a driver nor Node`,
    sanitizeResources: false,
    sanitizeOps: false,
    async fn() {
      const entryPoints = [`${root}src/http/mod.ts`];
      await bundle({ ...options, entryPoints, outdir: "unused", write: false });
    },
  });
}

Deno.test.afterAll(() => esbuild.stop());
