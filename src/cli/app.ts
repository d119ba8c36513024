/** Parses the command line, runs a command, and returns the exit code. */

// Stricli: 3 ms to load where commander takes 12, typed flags, completion, and no dependencies.
import {
  type AliasNotFoundError,
  type Application,
  ArgumentScannerError,
  buildApplication,
  buildCommand,
  buildRouteMap,
  type CommandContext,
  ExitCode,
  formatMessageForArgumentScannerError,
  proposeCompletions,
  run,
  text_en,
} from "@stricli/core";
import { briefs } from "./briefs.ts";
import { programName } from "./command.ts";
import { loadCommand } from "./commands.ts";
import { CliError, exitCodeOf, exitCodes } from "./errors.ts";
import { escapeLines } from "./escape.ts";
import { type Output, stderr, stdout } from "./terminal.ts";
import { version } from "./version.ts";

/** What Stricli writes to: it asks for colors in its own way, and does not wait. */
function toStream(output: Output) {
  return {
    pending: Promise.resolve(),
    write(text: string) {
      this.pending = output.write(text);
    },
    getColorDepth: () => output.hasColor ? 8 : 1,
  };
}

/** A name that was given, if it looks like one: an argument in the wrong place may be a secret. */
function quoteName(given: string): string {
  return /^[\w.-]{1,40}$/.test(given) ? ` ${given}` : "";
}

function toKebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Says what is wrong with the arguments. Only names of flags are quoted, never a value. */
function formatUsageError(error: unknown): string {
  if (!(error instanceof ArgumentScannerError)) {
    return `Cannot read the arguments: ${error instanceof Error ? error.message : error}`;
  }
  const reason = formatMessageForArgumentScannerError(error, {
    ArgumentParseError: ({ externalFlagNameOrPlaceholder: name, exception }) =>
      `${name}: ${exception instanceof Error ? exception.message : "invalid value"}`,
    EnumValidationError: ({ externalFlagName, values }) =>
      `${externalFlagName}: expected one of ${values.join(", ")}`,
    FlagNotFoundError: ({ input, corrections }) =>
      `there is no flag --${quoteName(input).trim()}` +
      (corrections.length > 0 ? `; did you mean --${toKebab(corrections[0]!)}?` : ""),
    AliasNotFoundError: ({ input }: AliasNotFoundError) => `there is no flag -${input}`,
    InvalidNegatedFlagSyntaxError: ({ externalFlagName }) => `--${externalFlagName} takes no value`,
    UnexpectedFlagError: ({ externalFlagName }) => `--${externalFlagName} is given twice`,
    UnexpectedPositionalError: ({ expectedCount }) =>
      `expected at most ${expectedCount} argument${expectedCount === 1 ? "" : "s"} beside flags`,
    UnsatisfiedFlagError: ({ externalFlagName }) => `--${externalFlagName} needs a value`,
    UnsatisfiedPositionalError: ({ placeholder }) => `<${placeholder}> is missing`,
  });
  return `Cannot read the arguments: ${reason}`;
}

/** The messages of an error and of its causes, as far as they say more. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  if (!(cause instanceof Error) || message.includes(cause.message)) return message || error.name;
  return `${message}: ${describeError(cause)}`;
}

const text = {
  ...text_en,
  briefs: { ...text_en.briefs, help: "Print this help", version: "Print the version" },
  exceptionWhileParsingArguments: (error: unknown) => `${programName}: ${formatUsageError(error)}`,
  exceptionWhileRunningCommand(error: unknown) {
    const isUnclear = exitCodeOf(error) === exitCodes.database && !(error instanceof CliError);
    const advice = isUnclear ? `. ${programName} doctor tells more` : "";
    return `${programName}: ${escapeLines(describeError(error))}${advice}`;
  },
  noCommandRegisteredForInput: (
    { input, corrections }: { input: string; corrections: readonly string[] },
  ) =>
    `${programName}: Cannot read the arguments: ` +
    (input.startsWith("-")
      ? "the command comes first, and its flags after it"
      : `there is no command${quoteName(input)}` +
        (corrections.length > 0 ? `, perhaps ${corrections[0]!.replaceAll("`", "")}` : "")) +
    `. ${programName} --help lists the commands`,
};

function formatRootHelp(): string {
  const width = Math.max(...Object.keys(briefs).map((name) => name.length));
  const commands = Object.entries(briefs).map(([name, brief]) =>
    `  ${stdout.paint("bold", name.padEnd(width))}  ${brief}`
  );
  const title = (text: string) => stdout.paint("bold", text);
  return `A terminal tool for DBOS, which runs durable workflows on Postgres.

${title("USAGE")}
  ${programName} COMMAND [FLAGS] [ARGUMENTS]
  ${programName} COMMAND --help

${title("COMMANDS")}
${commands.join("\n")}

It connects to DBOS_SYSTEM_DATABASE_URL, or to --database-url (-D). On a terminal it prints tables,
elsewhere or with --json one JSON object a line.

${title("EXIT CODES")}
  0  it worked
  1  the workflow failed or was cancelled, or something does not exist or is in the way
  2  the command line or its input is wrong
  3  the database cannot be used; ${programName} doctor says why
  4  a timeout is over
`;
}

/** The program, with the command that is called. The other commands are only named. */
async function buildProgram(name: string | undefined): Promise<Application<CommandContext>> {
  const called = await loadCommand(name);
  const routes = Object.entries(briefs).map(([other, brief]) => [
    other,
    other === name && called
      ? called
      : buildCommand({ docs: { brief }, parameters: {}, func() {} }),
  ]);
  const root = buildRouteMap({ routes: Object.fromEntries(routes), docs: { brief: "" } });
  return buildApplication({ ...root, formatHelp: formatRootHelp }, {
    name: programName,
    versionInfo: { currentVersion: version },
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
    documentation: { caseStyle: "convert-camel-to-kebab" },
    localization: { text },
    determineExitCode: exitCodeOf,
  });
}

/** Prints what the last of the words may become, one proposal a line, with a tab and its brief. */
async function printCompletions(words: readonly string[]): Promise<void> {
  const program = await buildProgram(words.length > 1 ? words[0] : undefined);
  const context = { process: { stdout: toStream(stdout), stderr: toStream(stderr) } };
  const proposals = (await proposeCompletions(program, words, context))
    .filter(({ completion }) => completion !== "--");
  await stdout.write(
    proposals.map(({ completion, brief }) => `${completion}\t${brief}\n`).join(""),
  );
}

/** Runs the program with its arguments, and returns its exit code. */
export async function runProgram(given: readonly string[]): Promise<number> {
  const [name, ...others] = given;
  if (name === "__complete") {
    await printCompletions(others);
    return exitCodes.ok;
  }
  const args = name === "help" ? [...others, "--help"] : given;
  const streams = { stdout: toStream(stdout), stderr: toStream(stderr) };
  const context: { process: typeof streams & { exitCode?: number } } = { process: streams };
  await run(await buildProgram(args[0]), args, context);
  await Promise.all([streams.stdout.pending, streams.stderr.pending]);
  const { exitCode = exitCodes.ok } = context.process;
  const isUsage = exitCode === ExitCode.UnknownCommand || exitCode === ExitCode.InvalidArgument;
  return isUsage ? exitCodes.usage : exitCode;
}
