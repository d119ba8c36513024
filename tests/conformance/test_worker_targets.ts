import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import type { Client, CustomDriver, Driver } from "../../mod.ts";
import { DBOS, startTestWorker, type TestWorkerOptions } from "../../src/testing/mod.ts";
import { createCommonWorkflows } from "../support/common_workflows.ts";
import { createTestDatabase } from "../support/database.ts";
import { pgParsers } from "../support/pglite_pool.ts";
import { runTransaction } from "./driver_targets.ts";
import type { Library, TestTarget } from "./target.ts";

const labels: string[] = [];

const functions = {
  ...createCommonWorkflows(DBOS),
  "Greeter.greet": (name: string) => `Hello, ${name}`,
  "Speaker.speak": (name: string) => `french: ${name}`,
  record: (label: string) => labels.push(label),
  recorded: () => labels,
};

const options: TestWorkerOptions = {
  applicationVersion: "test-1",
  queues: {
    tasks: {},
    single: { globalConcurrency: 1, workerConcurrency: 1 },
  },
  listenQueues: ["tasks", "single"],
};

/** What the worker of a target runs on. */
interface OpenDatabase extends Pick<TestTarget, "query"> {
  readonly driver: Driver;
  /** What the program under test uses instead of the client of the worker. */
  readonly client?: Driver;
  transaction(body: (transaction: Client | Driver) => Promise<void>): Promise<void>;
  close(): Promise<unknown>;
}

async function openTarget(library: Library, open: OpenDatabase): Promise<TestTarget> {
  const worker = await startTestWorker(functions, { ...options, database: open.driver });
  return {
    library,
    client: open.client ?? worker.client,
    schema: "dbos",
    transaction: open.transaction,
    query: open.query,
    async [Symbol.asyncDispose]() {
      await worker.close();
      await open.close();
    },
  };
}

async function openPGlite(): Promise<OpenDatabase> {
  const database = await PGlite.create();
  return {
    driver: database,
    transaction: (body) => database.transaction((transaction) => body(transaction)),
    query: async (text, values) =>
      (await database.query<Record<string, unknown>>(text, values, { parsers: pgParsers })).rows,
    close: () => database.close(),
  };
}

async function openServer(
  toDrivers: (pool: pg.Pool, ownPool: pg.Pool) => Pick<OpenDatabase, "driver" | "client">,
): Promise<OpenDatabase> {
  const database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  const ownPool = new pg.Pool({ connectionString: database.url, max: 1 });
  return {
    ...toDrivers(pool, ownPool),
    async transaction(body) {
      const client = await pool.connect();
      try {
        await runTransaction((statement) => client.query(statement), () => body(client));
      } finally {
        client.release();
      }
    },
    query: async (text, values) => (await pool.query(text, values)).rows,
    async close() {
      await Promise.all([pool.end(), ownPool.end()]);
      await database[Symbol.asyncDispose]();
    },
  };
}

function toCustomDriver(pool: pg.Pool): CustomDriver {
  return {
    transactionStatus: () => "none",
    query: async (text, values) => (await pool.query(text, [...values])).rows,
  };
}

/** The targets whose worker is the test worker, by what it runs on. */
export const testWorkerTargets: Record<string, (library: Library) => Promise<TestTarget>> = {
  PGlite: async (library) => await openTarget(library, await openPGlite()),
  "npm:pg, beside a program with a pool of its own": async (library) =>
    await openTarget(
      library,
      await openServer((client, driver) => ({ driver, client })),
    ),
  "a driver of one's own": async (library) =>
    await openTarget(
      library,
      await openServer((_, pool) => ({ driver: toCustomDriver(pool) })),
    ),
};
