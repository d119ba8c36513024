/** What calls of every driver must do when PgBouncer has no connection for them. */
import pg from "pg";
import { startPgBouncer, unavailable } from "../support/pgbouncer.ts";
import { callDuring, type OpenCaller, patient, settles } from "./faults.ts";
import { type FaultyServer, startFaultyServer } from "./server.ts";

const settings = { max_client_conn: 3, query_wait_timeout: 1, server_login_retry: 1 };

type OpenOne = () => ReturnType<OpenCaller>;
type Pooler = Awaited<ReturnType<typeof startPgBouncer>>;

/** The faults, by what a call must do. */
const faults: Record<
  string,
  (open: OpenOne, pooler: Pooler, server: FaultyServer) => Promise<void>
> = {
  async "waits for a pooler that is full"(open, pooler, server) {
    await using caller = await open();
    const others = Array.from(
      { length: settings.max_client_conn },
      () => new pg.Client({ connectionString: pooler.url }),
    );
    for (const other of others) await other.connect();
    await callDuring({ server }, [caller], () => Promise.all(others.map((other) => other.end())));
  },

  async "waits for a pooler that is paused"(open, pooler, server) {
    await using caller = await open();
    await pooler.control("pause");
    await callDuring({ server }, [caller], () => pooler.control("resume"));
  },

  async "waits for the server behind the pooler"(open, _pooler, server) {
    await using caller = await open();
    await server.stop();
    await callDuring({ server }, [caller], async () => {
      await server.beginStart();
      await server.finishStart();
    });
  },

  async "is retried when the server ends the connection of the pooler"(open, pooler, server) {
    await using caller = await open();
    await callDuring(
      { server },
      [caller],
      () => pooler.control("reconnect"),
      "select pg_terminate_backend(pg_backend_pid())",
    );
  },
};

/** Tests a driver that connects when it is first used. */
export async function testPoolerFaults(open: OpenCaller, test: Deno.TestContext): Promise<void> {
  if (unavailable) return;
  await using server = await startFaultyServer();
  for (const [name, run] of Object.entries(faults)) {
    const hasPassed = await test.step(`behind PgBouncer, a call ${name}`, async () => {
      await using pooler = await startPgBouncer(server.url, settings);
      const openOne = () => open(pooler.url, { ...patient, prepare: false }, 1);
      await settles(run(openOne, pooler, server));
    });
    if (!hasPassed) return;
  }
}
