/** One attempt to run a statement. */
export interface Attempt {
  /** Whether somebody still waits for the answer. */
  isNeeded(): boolean;
  /**
   * Set by an executor: stops using the connection, if the driver allows that. It is called when there
   * was no answer in time.
   */
  discardConnection?: () => void;
}

/** Keeps a statement from being sent that nobody needs any more, after it waited for a connection. */
export function throwIfUnneeded(attempt: Attempt): void {
  if (!attempt.isNeeded()) throw new Error("Cannot send the statement: it was given up");
}
