/**
 * `deno task matrix [<runtime>…]` runs the conformance suite over every driver on every runtime, or on
 * those whose names begin so, and writes what passed to tests/MATRIX.md.
 */
import { assert, assertEquals } from "@std/assert";
import { cases } from "../conformance/cases.ts";
import { readCounts } from "../conformance/run_targets.ts";
import { createTestDatabase } from "../support/database.ts";
import { startNeonProxy } from "../support/neon_proxy.ts";
import { install, pack } from "../support/packed.ts";
import { startWorker } from "../support/start_worker.ts";
import { type Column, formatMatrix, readMatrix } from "./format.ts";
import {
  bundlePrograms,
  drivers,
  matrixFile,
  type Runtime,
  runtimes,
  sharedPackages,
  unavailable,
} from "./runtimes.ts";

const caseCount = Object.keys(cases).length;
const chosen = runtimes.filter(({ name }) =>
  Deno.args.length === 0 || Deno.args.some((arg) => name.startsWith(arg))
);

/** Runs the suite on a runtime over the drivers that can run on it. */
async function runSuite(folder: string, runtime: Runtime): Promise<Column> {
  const { name, impossible } = runtime;
  const possible = drivers.filter((driver) =>
    !impossible.has(driver) && !unavailable.includes(driver)
  );
  await using database = await createTestDatabase();
  await using _worker = await startWorker({ systemDatabaseUrl: database.url });
  await using proxy = await startNeonProxy(database.url);
  await runtime.prepare?.(folder);
  const urls = { url: database.url, proxyUrl: proxy.url };
  const counts = readCounts(await runtime.runSuite(folder, urls, possible));
  for (const driver of possible) {
    assertEquals(counts.get(driver), { passed: caseCount, failed: 0 }, `${driver} on ${name}`);
  }
  const passed = possible.map((driver) => [driver, `passed (${caseCount})`] as const);
  return { runtime: name, cells: new Map([...impossible, ...passed]) };
}

/** Writes the column of a runtime. What could not run here stays as it was. */
async function write({ runtime, cells }: Column): Promise<void> {
  const written = readMatrix(await Deno.readTextFile(matrixFile).catch(() => ""));
  const cellsOf = (name: string): Column["cells"] =>
    written.find((column) => column.runtime === name)?.cells ?? new Map();
  const columns = runtimes.map(({ name }) => ({
    runtime: name,
    cells: new Map([...cellsOf(name), ...(name === runtime ? cells : [])]),
  }));
  await Deno.writeTextFile(matrixFile, formatMatrix(drivers, columns));
}

Deno.test("the conformance suite passes over every driver on every runtime", async (test) => {
  assert(chosen.length > 0, `No runtime has a name that begins with ${Deno.args.join(" or ")}`);
  const folder = await Deno.makeTempDir({ prefix: "dbos_matrix_" });
  try {
    await pack(folder);
    const packages = chosen.flatMap(({ packages }) => packages);
    await install(folder, `${folder}/package.tgz`, ...sharedPackages, ...packages);
    await bundlePrograms(folder);
    for (const runtime of chosen) {
      await test.step(runtime.name, async () => await write(await runSuite(folder, runtime)));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
