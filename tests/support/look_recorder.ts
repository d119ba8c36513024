import pg from "pg";
import { type Client, type ClientOptions, createClient } from "../../mod.ts";
import { createTestDatabase } from "./database.ts";
import { startWorker } from "./start_worker.ts";

/** The lists of one look, each an array. */
export interface RecordedLook {
  outcomes: string[];
  events: unknown[];
  ends: string[];
  streams: { workflow_id: string; key: string; offset: number }[];
}

/** A database with a worker, and a client of it whose looks are written down. */
export interface LookRecorder extends AsyncDisposable {
  client: Client;
  pool: pg.Pool;
  looks: RecordedLook[];
  /** Settles when there are so many looks. */
  untilLooks(count: number): Promise<void>;
}

export async function openLookRecorder(options: ClientOptions = {}): Promise<LookRecorder> {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  resources.use(await startWorker({ systemDatabaseUrl: url }));
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on("error", () => {});
  resources.defer(() => pool.end());

  const looks: RecordedLook[] = [];
  let onLook = () => {};
  const driver = {
    totalCount: 0,
    options: { max: 4 },
    connect: () => pool.connect(),
    query(query: { name: string; text: string; values: string[] }) {
      if (query.name.startsWith("dbos_look_")) {
        const [outcomes, events, ends, streams] = query.values.slice(0, 4)
          .map((json) => JSON.parse(json));
        looks.push({ outcomes, events, ends, streams });
        onLook();
      }
      return pool.query(query);
    },
  };
  return {
    client: resources.use(createClient(driver, options)),
    pool,
    looks,
    async untilLooks(count) {
      while (looks.length < count) await new Promise<void>((resolve) => onLook = resolve);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
