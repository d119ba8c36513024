/** The languages whose workers are started, and what none of their releases can do. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** How to install and start the application of a language, and what cannot be proven with it. */
export interface Language {
  name: string;
  /** Installs what the application needs; gives why it cannot run here, if so. */
  install(): Promise<string | undefined>;
  /** The command that runs the application, to which the URL of its system database is added. */
  command: string[];
  /** The format in which its workers write what is for themselves only. */
  nativeFormat: string;
  /** The features that are not possible, by name, each with the reason. */
  impossible: Readonly<Record<string, string>>;
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** Runs a command; gives what it said where it failed, and why where it is missing. */
async function run(
  [command, ...args]: [string, ...string[]],
  options: Deno.CommandOptions = {},
): Promise<string | undefined> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(command, { ...options, args })
      .output();
    if (success) return undefined;
    const decoder = new TextDecoder();
    return `${decoder.decode(stdout)}${decoder.decode(stderr)}`.trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `${command} is not installed`;
    throw error;
  }
}

const typeScript: Language = {
  name: "TypeScript",
  install: () => Promise.resolve(undefined),
  command: [
    Deno.execPath(),
    "run",
    "-A",
    "--no-check",
    `--config=${pathOf("../../deno.json")}`,
    pathOf("typescript/app.ts"),
  ],
  nativeFormat: "js_superjson",
  impossible: { "Named arguments": "the language has none" },
};

const environment = pathOf("python/.venv");
const pythonProgram = Deno.build.os === "windows"
  ? `${environment}/Scripts/python.exe`
  : `${environment}/bin/python`;

async function installPython(): Promise<string | undefined> {
  const requirements = pathOf("python/requirements.txt");
  const installed = `${environment}/requirements.txt`;
  const wanted = await Deno.readTextFile(requirements);
  if (existsSync(installed) && await Deno.readTextFile(installed) === wanted) return undefined;
  // A machine may have Python without the modules that make an environment.
  const missing = await run(["python3", "-c", "import venv, ensurepip"]);
  if (missing) return missing.split("\n").at(-1);
  const failure = await run(["python3", "-m", "venv", "--clear", environment]) ??
    await run([pythonProgram, "-m", "pip", "install", "--quiet", "--requirement", requirements]);
  if (failure) throw new Error(`Cannot install ${requirements}:\n${failure}`);
  await Deno.writeTextFile(installed, wanted);
}

const python: Language = {
  name: "Python",
  install: installPython,
  command: [pythonProgram, pathOf("python/app.py")],
  nativeFormat: "py_pickle",
  impossible: {},
};

const goFolder = pathOf("go");
const goProgram = `${goFolder}/.cache/app${Deno.build.os === "windows" ? ".exe" : ""}`;

async function installGo(): Promise<string | undefined> {
  const missing = await run(["go", "version"]);
  if (missing) return missing;
  const failure = await run(["go", "build", "-o", goProgram, "."], {
    cwd: goFolder,
    env: {
      GOCACHE: `${goFolder}/.cache/build`,
      GOMODCACHE: `${goFolder}/.cache/modules`,
      // Modules would be read-only, which makes them hard to delete.
      GOFLAGS: "-modcacherw",
    },
  });
  if (failure) throw new Error(`Cannot build ${goFolder}:\n${failure}`);
}

const go: Language = {
  name: "Go",
  install: installGo,
  command: [goProgram],
  nativeFormat: "DBOS_JSON",
  impossible: {
    "A method of a class": "the language has no classes",
    "An error in its native format": "it is a gob, which only Go reads",
    "The roles of the user": "workflows cannot ask for them",
  },
};

export const languages: Language[] = [typeScript, python, go];
