/** Keeps statements away from connections that hang, where a driver cannot close one connection. */

import { type Attempt, throwIfUnneeded } from "./adapter.ts";

/** A statement of a driver. In npm:postgres `state` is an object of its connection, once it is sent. */
interface SentStatement<Result> extends PromiseLike<Result> {
  readonly state?: object | null;
}

/** Sends a statement. If it is not answered in time, its connection counts as one that hangs. */
export type SendStatement = <Result>(
  send: () => SentStatement<Result>,
  attempt: Attempt,
) => Promise<Result>;

/**
 * Sends statements at once, as the driver pipelines them, as long as no connection hangs. If some do,
 * a statement waits until one of the others is free, so that the driver has no need to send it on a
 * connection that hangs. A connection hangs until an abandoned statement on it settles.
 */
export function createStatementLimit(maxConnections: number): SendStatement {
  const hanging = new Set<object>();
  const waiting: (() => void)[] = [];
  let running = 0;

  function canSend(): boolean {
    return hanging.size === 0 || running < Math.max(1, maxConnections - hanging.size);
  }

  function start(): void {
    running++;
  }

  function stop(): void {
    running--;
    wake();
  }

  function wake(): void {
    while (waiting.length > 0 && canSend()) {
      start();
      waiting.shift()!();
    }
  }

  return async (send, attempt) => {
    if (canSend()) start();
    else await new Promise<void>((resolve) => waiting.push(resolve));
    let connection: object | undefined;
    try {
      throwIfUnneeded(attempt);
      const statement = send();
      attempt.discardConnection = () => {
        connection = statement.state ?? statement;
        hanging.add(connection);
        stop();
      };
      return await statement;
    } finally {
      if (!connection) stop();
      else if (hanging.delete(connection)) wake();
    }
  };
}
