/**
 * A client in a process of its own, on any runtime: `program.js DRIVER URL OPTIONS`. It takes its
 * commands from stdin, one a line, and answers each with a line of JSON. After `close` nothing may
 * keep the process running.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import timers from "node:timers";
import pg from "pg";
import postgres from "postgres";
import {
  type Client,
  type ClientOptions,
  connect,
  createClient,
  enqueue,
  getEvent,
  getResult,
  readStream,
  type SqlTagDriver,
  waitAll,
} from "../../mod.ts";

declare const Bun: {
  SQL: new (url: string, options: object) => SqlTagDriver & { close(): Promise<void> };
};

interface OpenClient {
  client: Client;
  closeDriver(): Promise<unknown>;
}

const openers: Record<string, (url: string, options: ClientOptions) => Promise<OpenClient>> = {
  "npm:pg": (url, options) => {
    const pool = new pg.Pool({ connectionString: url, max: 2 });
    pool.on("error", () => {});
    const closeDriver = () => pool.end();
    return Promise.resolve({ client: createClient(pool, options), closeDriver });
  },
  "npm:postgres": (url, options) => {
    const sql = postgres(url, { max: 2, onnotice: () => {} });
    const closeDriver = () => sql.end({ timeout: 1 });
    return Promise.resolve({ client: createClient(sql, options), closeDriver });
  },
  "connect()": async (url, options) => {
    const client = await connect(url, { ...options, maxConnections: 2 });
    return { client, closeDriver: () => Promise.resolve() };
  },
  "Bun.sql": (url, options) => {
    const sql = new Bun.SQL(url, { max: 2 });
    return Promise.resolve({ client: createClient(sql, options), closeDriver: () => sql.close() });
  },
};

const [driver, url, options] = process.argv.slice(2) as [string, string, string];
const { client, closeDriver } = await openers[driver]!(url, JSON.parse(options));

const warnings: string[] = [];
process.on("warning", (warning: Error) => warnings.push(`${warning.name}: ${warning.message}`));

/** Counts the listeners of a signal. */
function countListeners(signal: AbortSignal): { count: number } {
  const listeners = { count: 0 };
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  Object.assign(signal, {
    addEventListener(...args: Parameters<typeof add>) {
      listeners.count++;
      add(...args);
    },
    removeEventListener(...args: Parameters<typeof remove>) {
      listeners.count--;
      remove(...args);
    },
  });
  return listeners;
}

/** Starts waits of every kind. None of them finds anything. */
function startWaits(count: number, signal?: AbortSignal): Promise<unknown>[] {
  const waitOptions = { timeoutSeconds: 3600, ...(signal && { signal }) };
  return Array.from({ length: count }, (_, index) => index).flatMap((index) => [
    getResult(client, `nobody-${index}`, waitOptions),
    getEvent(client, `nobody-${index}`, "key", waitOptions),
    readStream(client, "someone", `key-${index}`, waitOptions).next(),
    waitAll(client, [`nobody-${index}`], waitOptions),
  ]);
}

let pending: Promise<unknown>[] = [];

const commands: Record<string, (parameter: string) => unknown> = {
  /** Waits for an event, and answers with its value. */
  event: (workflowID) => getEvent(client, workflowID, "key", { timeoutSeconds: 3600 }),
  /** Starts waits, and calls that are retried while the server cannot be reached. */
  start() {
    const task = { workflowName: "echo", queueName: "idle" };
    pending = [...startWaits(5), enqueue(client, task), enqueue(client, task)];
    for (const call of pending) call.catch(() => {});
  },
  /** Starts waits on one signal, aborts them or finds what they wait for, and counts listeners. */
  async signal() {
    const aborting = new AbortController();
    const listeners = countListeners(aborting.signal);
    const waits = startWaits(10, aborting.signal).map((wait) => wait.catch(() => "rejected"));
    const found = Array.from(
      { length: 20 },
      () => getEvent(client, "someone", "key", { timeoutSeconds: 3600, signal: aborting.signal }),
    );
    await Promise.all(found);
    aborting.abort();
    const outcomes = await Promise.all(waits);
    // Node emits warnings later.
    await new Promise((resolve) => setTimeout(resolve, 0));
    return { outcomes: [...new Set(outcomes)], listeners: listeners.count, warnings };
  },
  /** Closes the client, and leaves the driver open. */
  async closeClient() {
    await client.close();
    return (await Promise.allSettled(pending)).filter(({ status }) => status === "rejected").length;
  },
  /** Closes the client and the driver. */
  async close() {
    input.close();
    process.stdin.destroy();
    await client.close();
    await closeDriver();
    // Does not keep the process running, but tells if something else does.
    timers.setTimeout(() => {
      console.error(process.getActiveResourcesInfo?.());
      process.exit(1);
    }, 20_000).unref();
  },
};

const input = createInterface({ input: process.stdin });
input.on("line", async (line: string) => {
  const [name, parameter = ""] = line.split(" ") as [string, string?];
  try {
    console.log(JSON.stringify({ [name]: await commands[name]!(parameter) ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ [name]: String(error) }));
  }
});
console.log('"ready"');
