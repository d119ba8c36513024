/**
 * Older releases of DBOS for Python, with the application and the environment of
 * tests/interop/python/. The other packages of a release are in `python/<version>.txt`.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type Language,
  noDeadlineBeforeStart,
  python,
  pythonProgram,
  run,
} from "../interop/languages.ts";

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

async function install(version: string, application: string): Promise<string | undefined> {
  const missing = await python.install();
  if (missing) return missing;
  const requirements = pathOf(`python/${version}.txt`);
  const folder = pathOf(`python/.cache/${version}`);
  const installed = `${folder}/requirements.txt`;
  const wanted = await Deno.readTextFile(requirements);
  if (!existsSync(installed) || await Deno.readTextFile(installed) !== wanted) {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    const options = ["--quiet", "--no-deps", "--target", folder, "--requirement", requirements];
    const failure = await run([pythonProgram, "-m", "pip", "install", ...options]);
    if (failure) throw new Error(`Cannot install ${requirements}:\n${failure}`);
    await Deno.writeTextFile(installed, wanted);
  }
  // Python imports modules from the folder of the program first.
  await Deno.copyFile(application, `${folder}/app.py`);
}

function createRelease(
  version: string,
  {
    application = python.command.at(-1)!,
    ...others
  }: Partial<Language> & { application?: string } = {},
): Language {
  return {
    ...python,
    name: `Python ${version}`,
    install: () => install(version, application),
    command: [pythonProgram, pathOf(`python/.cache/${version}/app.py`)],
    ...others,
  };
}

const beforeFormats: Partial<Language> = {
  serializationType: "py_pickle",
  unsupported: {
    ...noDeadlineBeforeStart,
    "The authenticated user": "workers pass it to workflows since 2.14",
    "The roles of the user": "workers pass them to workflows since 2.14",
  },
};

export const pythonReleases: Language[] = [
  // The first release that has a client.
  createRelease("0.25.0", { application: pathOf("python/oldest.py") }),
  createRelease("2.0.0", beforeFormats),
  // It has schedules, but no column for formats.
  createRelease("2.13.0", beforeFormats),
  createRelease("2.14.0", { unsupported: noDeadlineBeforeStart }),
  createRelease("2.27.0", { unsupported: noDeadlineBeforeStart }),
  createRelease("2.30.0", { unsupported: noDeadlineBeforeStart }),
];
