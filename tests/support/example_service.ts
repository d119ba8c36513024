/** Checks a program of examples/ that serves tasks over HTTP, with a real worker. */
import { assertEquals } from "@std/assert";
import { type Client, connect, enqueue, getResult } from "../../mod.ts";
import { createTestDatabase } from "./database.ts";
import { startWorker } from "./start_worker.ts";

/** How long to wait for what happens soon. */
export const soon = { timeoutSeconds: 600 };

/** A system database with a worker, until it is disposed of. */
export interface Environment extends AsyncDisposable {
  readonly url: string;
  readonly client: Client;
  readonly env: Record<string, string>;
}

export async function createEnvironment(): Promise<Environment> {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  resources.use(await startWorker({ systemDatabaseUrl: url }));
  const client = resources.use(await connect(url));
  return {
    url,
    client,
    env: { DBOS_SYSTEM_DATABASE_URL: url },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Where a service has its tasks. */
export interface Paths {
  readonly all: string;
  one(id: string): string;
}

const defaultPaths: Paths = { all: "/tasks", one: (id) => `/tasks/${id}` };

// A server in Node that closes waits five seconds for connections that are kept alive.
const headers = { connection: "close" };

/** Posts JSON to a service. */
export function post(url: URL, path: string, body: string): Promise<Response> {
  return fetch(new URL(path, url), { method: "POST", headers, body });
}

async function getJson(url: URL, path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(new URL(path, url));
  return { status: response.status, body: await response.json() };
}

/** Enqueues a task over HTTP, and reads its status and result. */
export async function checkTasks(
  url: URL,
  client: Client,
  paths: Paths = defaultPaths,
): Promise<void> {
  const created = await post(url, paths.all, '{ "id": 7 }');
  const { id } = await created.json();
  assertEquals([created.status, created.headers.get("location")], [202, paths.one(id)]);
  await getResult(client, id, soon);
  assertEquals(await getJson(url, paths.one(id)), {
    status: 200,
    body: { id, status: "SUCCESS", result: "task 7 is done" },
  });
}

/** Asks for tasks that are not there, also for a workflow that is no task, and posts what is no JSON. */
export async function checkRefusals(
  url: URL,
  client: Client,
  paths: Paths = defaultPaths,
): Promise<void> {
  const other = await enqueue(client, { workflowName: "echo", queueName: "idle" });
  for (const id of ["unknown", other.workflowID]) {
    const answer = await getJson(url, paths.one(id));
    assertEquals(answer, { status: 404, body: { error: "No such task" } });
  }
  const answer = await getJson(url, paths.all);
  assertEquals(answer, { status: 404, body: { error: "Not found" } });
  const response = await post(url, paths.all, "{");
  assertEquals([response.status, await response.json()], [400, { error: "Expected JSON" }]);
}
