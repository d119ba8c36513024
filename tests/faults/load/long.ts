/**
 * `deno task faults [--seed N] [--seconds N] [--drivers NAME,NAME] [--fault TEXT]`: injects each
 * fault for so many seconds, and writes tests/faults/RESULTS.md. With `--fault`, a part of the name of
 * a fault, it prints the results instead.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { run } from "../../support/run_example.ts";
import { drivers } from "./program.ts";
import { formatReport } from "./report.ts";
import { runSuite } from "./suite.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    seconds: { type: "string", default: "60" },
    drivers: { type: "string", default: drivers.join() },
    fault: { type: "string", default: "" },
  },
});
const options = {
  seed: Number(values.seed),
  drivers: values.drivers.split(","),
  only: values.fault,
  seconds: Number(values.seconds),
  callsBetween: 500,
  producers: 32,
  waiters: 200,
  stride: 1,
};
const unknown = options.drivers.find((name) => !drivers.includes(name));
if (unknown !== undefined) {
  throw new Error(`Cannot test ${unknown}: expected drivers of ${drivers.join(", ")}`);
}

const name = `no call is lost, doubled or hung by faults under load (seed ${options.seed})`;
Deno.test(name, async (test) => {
  const report = formatReport(await runSuite(test, options), options, new Date());
  if (options.only !== "") return console.log(report);
  const file = fileURLToPath(new URL("../RESULTS.md", import.meta.url));
  await Deno.writeTextFile(file, report);
  await run([Deno.execPath(), "fmt", "--quiet", file]);
});
