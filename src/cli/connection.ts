/** Connects to the system database for the time of a command. */

import { connect, type ConnectOptions } from "../../connect.ts";
import type { Client } from "../client/client.ts";
import { type ConnectionFlags, pickOptions } from "./flags.ts";

/** Connects, runs a command, and closes the client. */
export async function withClient<Result>(
  flags: ConnectionFlags,
  run: (client: Client) => Promise<Result>,
  options: ConnectOptions = {},
): Promise<Result> {
  const client = await connect(flags.databaseUrl, {
    // A user at the terminal wants to see the error soon.
    retryTimeoutSeconds: 3,
    ...pickOptions(flags, "schema", "applicationName"),
    ...options,
  });
  try {
    return await run(client);
  } finally {
    await client.close();
  }
}
