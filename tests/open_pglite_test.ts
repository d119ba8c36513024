/** Tests that a new PGlite is started from a file, in a process whose cache is a folder of its own. */
import { assertEquals } from "@std/assert";
import { PGlite } from "@electric-sql/pglite";
import { denoCommand, run } from "./support/run_example.ts";

const program = `
  import { openPGlite } from ${
  JSON.stringify(new URL("../src/testing/open_pglite.ts", import.meta.url).href)
};
  const database = await openPGlite();
  const { rows } = await database.query("select to_regclass('marker')::text as found");
  console.log("found", rows[0].found);
  await database.close();
`;

Deno.test("a new PGlite is started from what the first one consisted of", async () => {
  const folder = await Deno.makeTempDir();
  const cache = `${folder}/dbos-community-client`;
  const file = `${folder}/program.ts`;
  const start = async () => {
    const output = await run(denoCommand(file), {
      // The packages are in the cache of Deno.
      env: { XDG_CACHE_HOME: folder, DENO_DIR: await findDenoDir() },
    });
    return output.trim();
  };
  try {
    await Deno.writeTextFile(file, program);
    assertEquals(await start(), "found null");
    const [{ name }, ...others] = [...Deno.readDirSync(cache)] as [Deno.DirEntry];
    assertEquals(others, []);

    const type = { type: "application/x-gzip" };
    const database = await PGlite.create({
      loadDataDir: new Blob([await Deno.readFile(`${cache}/${name}`)], type),
    });
    await database.exec("create table marker ()");
    const marked = await database.dumpDataDir("gzip");
    await database.close();
    await Deno.writeFile(`${cache}/${name}`, new Uint8Array(await marked.arrayBuffer()));
    assertEquals(await start(), "found marker");

    await Deno.writeTextFile(`${cache}/${name}`, "damaged");
    assertEquals(await start(), "found null");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function findDenoDir(): Promise<string> {
  const { denoDir } = JSON.parse(await run([Deno.execPath(), "info", "--json"]));
  return denoDir;
}
