/** The errors of `npm:pg`, and of Neon's driver, which is made from it. */

import { isLostSocket } from "./lost_connection.ts";

const lostConnectionMessage =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|timeout expired$)/;

/** Whether an error of npm:pg means that the connection was lost or refused. */
export function isLostPgConnection(error: unknown): boolean {
  return isLostSocket(error) ||
    (error instanceof Error && lostConnectionMessage.test(error.message));
}

/** Makes an error of the event with which Neon's driver rejects if its WebSocket fails. */
export function toError(error: unknown): unknown {
  const isEvent = !(error instanceof Error) && (error as Event | undefined)?.type === "error";
  if (!isEvent) return error;
  return new Error("Connection terminated: the WebSocket to the proxy of the database has failed");
}
