/** Reads the first steps of the README: what it tells a new user of a runtime to write and to run. */
import { assert } from "@std/assert";

/** A file to write, and the commands to run in its folder. */
export interface Step {
  readonly file: string;
  readonly code: string;
  readonly commands: readonly string[];
}

/** The steps of one runtime. */
export interface FirstSteps {
  /** Adds the package. */
  readonly install: string;
  readonly worker: Step;
  readonly program: Step;
}

const readme = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));

function find(text: string, pattern: RegExp): string {
  const [, found] = pattern.exec(text) ?? [];
  assert(found !== undefined, `the README has no ${pattern}`);
  return found;
}

/** The text below a heading, up to the next one of its level or a higher one. */
function findSection(heading: string): string {
  const [level] = heading.split(" ");
  return find(readme, new RegExp(`^${heading}\n([^]*?)(?=^#{1,${level!.length}} |(?![^]))`, "m"));
}

/** The command in the row that a table has for a runtime. */
function findCommand(text: string, runtime: string): string {
  return find(text, new RegExp(`^\\| ${runtime} +\\| \`([^\`]+)\``, "m"));
}

/** The first file that a text shows, and the command lines. */
function toStep(text: string, commandLine: string): Step {
  return {
    file: find(text, /, as `([\w.]+)`/),
    code: find(text, /^```[jt]s\n([^]*?)^```$/m),
    commands: commandLine.trim().split(" && "),
  };
}

/** Reads the steps of a runtime: `Deno`, `Node` or `Bun`. */
export function readFirstSteps(runtime: string): FirstSteps {
  const [worker, program] = [findSection("## Start a worker"), findSection(`### ${runtime}`)];
  return {
    install: findCommand(findSection("## Install"), runtime),
    worker: toStep(worker, findCommand(worker, runtime)),
    program: toStep(program, find(program, /^```sh\n(.*)\n```$/m)),
  };
}
