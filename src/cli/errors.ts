/** Exit codes, and the errors that the program ends with. */

/** The exit codes, as docs/cli.md lists them. */
export const exitCodes = {
  ok: 0,
  /** The workflow failed or was cancelled, something does not exist, or the call was refused. */
  negative: 1,
  usage: 2,
  database: 3,
  timeout: 4,
  interrupted: 130,
  terminated: 143,
} as const;

/** An error of a command, with the exit code that it ends with. */
export class CliError extends Error {
  constructor(message: string, readonly exitCode: number = exitCodes.negative) {
    super(message);
  }
}

/** An error of how the program was called. */
export class UsageError extends CliError {
  constructor(message: string) {
    super(message, exitCodes.usage);
  }
}

const negativeErrors = new Set([
  "ActiveWorkflowError",
  "AwaitedWorkflowCancelledError",
  "AwaitedWorkflowExceededMaxRecoveryAttemptsError",
  "ConflictingWorkflowError",
  "HiddenRowError",
  "NonExistentVersionError",
  "NonExistentWorkflowError",
  "OwnedByAnotherApplicationError",
  "QueueDuplicatedError",
  "UnsupportedSerializationError",
  "WorkflowIDInUseError",
]);
const timeoutErrors = new Set(["EventTimeoutError", "ResultTimeoutError", "StreamTimeoutError"]);

/** The exit code for what a command throws. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.exitCode;
  if (!(error instanceof Error)) return exitCodes.database;
  // A wait with a cause got no answer from the database.
  if (timeoutErrors.has(error.name) && error.cause === undefined) return exitCodes.timeout;
  if (negativeErrors.has(error.name)) return exitCodes.negative;
  const isMisuse = error instanceof TypeError || error instanceof RangeError;
  return isMisuse ? exitCodes.usage : exitCodes.database;
}
