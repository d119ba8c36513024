/** The languages whose workers are started, each in the newest release, and what those cannot do. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { SerializationType } from "../../mod.ts";

/** How to install and start the application of a language, and what cannot be proven with it. */
export interface Language {
  /** The language; of an older release with its version, such as `Python 2.27.0`. */
  name: string;
  /** Installs what the application needs; gives why it cannot run here, if so. */
  install(): Promise<string | undefined>;
  /** The command that runs the application, to which the URL of its system database is added. */
  command: string[];
  /** The format in which its workers write what is for themselves only. */
  nativeFormat: string;
  /** What is recorded as the format of a child of a portable workflow, if it is not that. */
  childFormat?: string;
  /**
   * The features that its workers cannot do, by name, each with the reason. What its schema has not
   * is left out: that is told by the errors.
   */
  impossible: Readonly<Record<string, string>>;
  /** The format of arguments and messages; portable if it is left out. */
  serializationType?: SerializationType;
  /** What a workflow is given for these arguments; the same if it is left out. */
  toArguments?(args: readonly unknown[], workflowName: string): readonly unknown[];
  /** What its workers need besides the name of a workflow that is given these arguments. */
  enqueueOptions?(args: readonly unknown[]): { workflowClassName: string };
}

/** Of most releases, which leave alone at its deadline what has not started. */
export const startedOnly: Language["impossible"] = {
  "Deadline of what has not started": "its workers cancel what has started only",
};

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** Runs a command; gives what it said where it failed, and why where it is missing. */
export async function run(
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

export const typeScript: Language = {
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
export const pythonProgram: string = Deno.build.os === "windows"
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

let pythonInstalled: Promise<string | undefined> | undefined;

export const python: Language = {
  name: "Python",
  // Older releases are run with the same.
  install: () => pythonInstalled ??= installPython(),
  command: [pythonProgram, pathOf("python/app.py")],
  nativeFormat: "py_pickle",
  impossible: {},
};

export const goFolder: string = pathOf("go");

/** Builds an application in Go from what is in `folder`. */
export async function buildGo(
  folder: string,
  program: string,
  options: string[] = [],
): Promise<string | undefined> {
  const missing = await run(["go", "version"]);
  if (missing) return missing;
  const failure = await run(["go", "build", ...options, "-o", program, "."], {
    cwd: folder,
    env: {
      GOCACHE: `${goFolder}/.cache/build`,
      GOMODCACHE: `${goFolder}/.cache/modules`,
      // Modules would be read-only, which makes them hard to delete.
      GOFLAGS: "-modcacherw",
    },
  });
  if (failure) throw new Error(`Cannot build ${program}:\n${failure}`);
}

const goProgram = `${goFolder}/.cache/app${Deno.build.os === "windows" ? ".exe" : ""}`;

export const go: Language = {
  name: "Go",
  install: () => buildGo(goFolder, goProgram),
  command: [goProgram],
  nativeFormat: "DBOS_JSON",
  impossible: {
    "A method of a class": "the language has no classes",
    "The roles of the user": "workflows cannot ask for them",
  },
};

const javaFolder = pathOf("java");
const javaClasses = [`${javaFolder}/.cache/classes`, `${javaFolder}/.cache/dependency/*`];

async function installJava(): Promise<string | undefined> {
  const missing = await run(["java", "-version"]);
  if (missing) return missing;
  const sources = ["pom.xml", "App.java"].map((name) => Deno.readTextFile(`${javaFolder}/${name}`));
  const wanted = (await Promise.all(sources)).join("");
  const built = `${javaFolder}/.cache/built.txt`;
  if (existsSync(built) && await Deno.readTextFile(built) === wanted) return undefined;
  // A machine may have Java without its compiler, or an older one.
  const missingToBuild = await run(["javac", "--release", "17", "-version"]) ??
    await run(["mvn", "-version"]);
  if (missingToBuild) return missingToBuild;
  // No other release of a dependency shall remain there.
  await Deno.remove(`${javaFolder}/.cache/dependency`, { recursive: true }).catch(() => {});
  const options = ["--batch-mode", "--quiet", "-Dmaven.repo.local=.cache/repository"];
  const goals = ["compiler:compile", "dependency:copy-dependencies"];
  const failure = await run(["mvn", ...options, ...goals], { cwd: javaFolder });
  if (failure) throw new Error(`Cannot build ${javaFolder}:\n${failure}`);
  await Deno.writeTextFile(built, wanted);
}

const java: Language = {
  name: "Java",
  install: installJava,
  command: ["java", "-cp", javaClasses.join(Deno.build.os === "windows" ? ";" : ":"), "App"],
  nativeFormat: "java_jackson",
  impossible: {
    ...startedOnly,
    "Named arguments": "workflows are given those by position only",
    "Arguments in its native format, as this client writes them":
      "it has Java's classes, which this client does not know",
  },
  // The same as in java/App.java, which tells why.
  enqueueOptions: (args) => ({ workflowClassName: `Workflows${args.length}` }),
};

export const languages: Language[] = [typeScript, python, go, java];
