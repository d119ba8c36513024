/** `deno task matrix` takes too long for each run of the tests: this tells when its file is outdated. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { cases } from "./conformance/cases.ts";
import { formatMatrix, readMatrix } from "./matrix/format.ts";
import { drivers, matrixFile, runtimes } from "./matrix/runtimes.ts";

const text = Deno.readTextFileSync(matrixFile);
const columns = readMatrix(text);

Deno.test("the matrix has every runtime and every driver", () => {
  assertEquals(columns.map(({ runtime }) => runtime), runtimes.map(({ name }) => name));
  for (const { cells } of columns) assertEquals([...cells.keys()], drivers);
});

Deno.test("every cell of the matrix has passed all cases, or says why it cannot run", () => {
  const passed = `passed (${Object.keys(cases).length})`;
  for (const { runtime, cells } of columns) {
    const { impossible } = runtimes.find(({ name }) => name === runtime)!;
    for (const [driver, cell] of cells) {
      assertEquals(cell, impossible.get(driver) ?? passed, `${driver} on ${runtime}`);
    }
  }
});

Deno.test("the matrix is as the task formats it", () => {
  assertEquals(formatMatrix(drivers, columns), text);
});

Deno.test("the guide to compatibility names the newest releases", () => {
  const guide = Deno.readTextFileSync(new URL("../docs/compatibility.md", import.meta.url));
  const newest = new Map(runtimes.map(({ name }) => name.split(" ") as [string, string]));
  for (const [runtime, version] of newest) {
    const row = guide.split("\n").find((line) => line.startsWith(`| ${runtime} `));
    assertStringIncludes(row ?? "", ` ${version.replace(/\.0$/, "")} `);
  }
});
