/** The package as npm installs it: what `deno pack` makes of the repository. */

import { fileURLToPath } from "node:url";
import { run } from "./run_example.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { imports } = JSON.parse(Deno.readTextFileSync(`${root}deno.json`));

// Node is not asked for: npm runs on it, and where it is missing Deno itself answers to its name.
/** Whether npm is installed. */
export function isNpmHere(): boolean {
  try {
    return new Deno.Command("npm", { args: ["--version"] }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Packs the repository, and installs that, with packages in the version given or that of deno.json. */
export async function installPackage(folder: string, packages: readonly string[]): Promise<void> {
  const tarball = `${folder}/package.tgz`;
  const pack = ["pack", "--allow-dirty", "--no-source-maps", `--output=${tarball}`];
  await run([Deno.execPath(), ...pack], { cwd: root });
  await Deno.writeTextFile(`${folder}/package.json`, '{ "private": true, "type": "module" }');
  const versions = packages.map((name) =>
    name.includes("@") ? name : `${name}@${imports[name].split("@").at(-1)}`
  );
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund"];
  await run(["npm", "install", ...flags, tarball, ...versions], { cwd: folder });
}
