/** Tells a logger of the user's own what the library does by itself. */

import type { Check } from "./options.ts";
import { checkFunction, isThenable, refuseType } from "./validate.ts";

/**
 * What a client logs to: `console`, or any logger with these methods, one of which may be missing. They
 * are called with a line of text. It never has a password, a URL or a stored value in it.
 */
export interface Logger {
  /** Something works again. */
  info?(line: string): unknown;
  /** Something has failed, and the client retries it or does it in another way. */
  warn?(line: string): unknown;
}

/** Logs a line. */
export type Log = (level: keyof Logger, line: string) => void;

/** Its methods are looked up when they are called: loggers replace them when their level changes. */
export const asLogger: Check<Logger> = (what, value) => {
  const { info, warn } = Object(value) as Logger;
  if ((info ?? warn) === undefined) {
    refuseType(what, value, "an object with info() or warn(), such as console");
  }
  for (const [level, method] of Object.entries({ info, warn })) {
    if (method !== undefined) checkFunction(`${level} of ${what}`, method);
  }
  return value as Logger;
};

/** Makes a function that logs. What the logger throws is ignored: no call fails because of it. */
export function createLog(logger: Logger): Log {
  return (level, line) => {
    try {
      const logged = logger[level]?.(`DBOS client: ${line}`);
      if (isThenable(logged)) Promise.resolve(logged).catch(() => {});
    } catch {
      // As above.
    }
  };
}
