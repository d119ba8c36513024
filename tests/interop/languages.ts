/** The newest release of each language: how to start its worker, and which features it lacks. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { DBOSSerializer, SerializationType } from "../../mod.ts";

/** How to install and start the application of a language, and which features it lacks. */
export interface Language {
  /** The language. For an older release, followed by the version: `Python 2.27.0`. */
  name: string;
  /** Installs what the application needs. Returns the reason if it cannot run here. */
  install(): Promise<string | undefined>;
  /** The command that runs the application. The URL of the system database is added to it. */
  command: string[];
  /** The native format of its workers. */
  nativeFormat: string;
  /** The format that is recorded for a child of a portable workflow, if not the native one. */
  childFormat?: string;
  /**
   * The features that its workers lack, by name, with the reason. Features that only the schema
   * lacks are not listed: the client's errors report them.
   */
  unsupported: Readonly<Record<string, string>>;
  /** The format of arguments and messages, by default portable. */
  serializationType?: SerializationType;
  /** Converts arguments to those that are enqueued; by default they are the same. */
  toArguments?(args: readonly unknown[], workflowName: string): readonly unknown[];
  /** The options that a workflow with these arguments needs besides its name. */
  enqueueOptions?(args: readonly unknown[]): { workflowClassName: string };
  /** What a serializer of its own gets for arguments, if the application can have one. */
  argsFormat?: NonNullable<DBOSSerializer["argsFormat"]>;
  /** Whether its workers have no scheduler. */
  hasNoScheduler?: true;
  /** A workflow that a schedule can start, if that is not `echo`. */
  scheduled?: {
    workflowName: string;
    /** A context that its workers can read; by default an object. */
    context?: unknown;
    contextOf(result: unknown): unknown;
  };
}

/** For most releases: they do not cancel a workflow at its deadline if it has not started. */
export const noDeadlineBeforeStart: Language["unsupported"] = {
  "Deadline before the start": "its workers only cancel workflows that have started",
};

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** Runs a command. Returns its output if it fails, or the reason if it is not installed. */
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
  argsFormat: "typescript",
  unsupported: { "Named arguments": "the language has none" },
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
  // Python may be installed without the modules that create an environment.
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
  // Older releases use the same environment.
  install: () => pythonInstalled ??= installPython(),
  command: [pythonProgram, pathOf("python/app.py")],
  nativeFormat: "py_pickle",
  argsFormat: "python",
  unsupported: {},
};

export const goFolder: string = pathOf("go");

/** Builds the Go application in `folder`. */
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
      // By default modules are read-only, which makes them hard to delete.
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
  scheduled: {
    // Its one argument is an object.
    workflowName: "echoOne",
    contextOf: (input) => (input as { context?: unknown }).context,
  },
  unsupported: {
    "A method of a class": "the language has no classes",
    "The roles of the user": "workflows cannot read them",
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
  // Java may be installed without its compiler, or with an older one.
  const missingToBuild = await run(["javac", "--release", "17", "-version"]) ??
    await run(["mvn", "-version"]);
  if (missingToBuild) return missingToBuild;
  // Deletes other releases of the dependencies.
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
  argsFormat: "typescript",
  unsupported: {
    ...noDeadlineBeforeStart,
    "Named arguments": "workflows take positional arguments only",
    "Arguments written in its native format":
      "it contains Java classes, which this client does not know",
  },
  // As in java/App.java, which explains why.
  enqueueOptions: (args) => ({ workflowClassName: `Workflows${args.length}` }),
  scheduled: {
    workflowName: "tick",
    context: "text",
    contextOf: (args) => (args as unknown[])[1],
  },
};

const rustFolder = pathOf("rust");
const rustProgram = `${rustFolder}/.cache/app${Deno.build.os === "windows" ? ".exe" : ""}`;
const oldestRust = "1.95";

/** Returns the reason if the Rust application cannot be built here. */
async function findMissingRust(): Promise<string | undefined> {
  const missing = await run(["cargo", "--version"]) ?? await run(["rustc", "--version"]);
  if (missing) return missing.split("\n")[0];
  const { stdout } = await new Deno.Command("rustc", { args: ["--version"] }).output();
  const version = /\d+\.\d+\.\d+/.exec(new TextDecoder().decode(stdout))?.[0] ?? "unknown";
  const isOlder = version.localeCompare(oldestRust, "en", { numeric: true }) < 0;
  return isOlder ? `Rust ${version} is older than ${oldestRust}` : undefined;
}

async function installRust(): Promise<string | undefined> {
  const files = ["Cargo.toml", "Cargo.lock", "src/main.rs"];
  const sources = files.map((name) => Deno.readTextFile(`${rustFolder}/${name}`));
  const wanted = (await Promise.all(sources)).join("");
  const built = `${rustFolder}/.cache/built.txt`;
  if (existsSync(built) && await Deno.readTextFile(built) === wanted) return undefined;
  const missing = await findMissingRust();
  if (missing) return missing;
  const options = ["--locked", "--quiet", "--target-dir", ".cache/target"];
  const failure = await run(["cargo", "build", ...options], { cwd: rustFolder });
  if (failure) throw new Error(`Cannot build ${rustFolder}:\n${failure}`);
  // What it was built from takes hundreds of megabytes.
  await Deno.rename(`${rustFolder}/.cache/target/debug/${basename(rustProgram)}`, rustProgram);
  await Deno.remove(`${rustFolder}/.cache/target`, { recursive: true });
  await Deno.writeTextFile(built, wanted);
}

const noStreams = "workflows cannot write streams";

export const rust: Language = {
  name: "Rust",
  install: installRust,
  command: [rustProgram],
  nativeFormat: "rust_serde",
  hasNoScheduler: true,
  unsupported: {
    ...noDeadlineBeforeStart,
    "Streams": noStreams,
    "Events and streams in its native format": noStreams,
    "The authenticated user": "workflows cannot read it",
    "The roles of the user": "workflows cannot read them",
  },
};

export const languages: Language[] = [typeScript, python, go, java, rust];
