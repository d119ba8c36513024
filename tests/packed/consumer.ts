/** What TypeScript must accept and reject in programs that use the installed package. */
import {
  type Client,
  connect,
  createClient,
  defineWorkflow,
  enqueue,
  enqueueMany,
  getEvent,
  getResult,
  ofType,
  readStream,
  retrieveWorkflow,
  send,
  type StandardSchema,
  type WorkflowContract,
} from "@dbos-community/client";
import * as core from "@dbos-community/client/core";
import { connect as connectWithURL } from "@dbos-community/client/connect";
import { DBOS, startTestWorker } from "@dbos-community/client/testing";
import {
  enqueueHandler,
  githubWebhooks,
  type RequestHandler,
  signalHandler,
  signalLink,
  standardWebhooks,
  workflowEvents,
} from "@dbos-community/client/http";
import { neon, Pool as NeonPool } from "@neondatabase/serverless";
import pg from "pg";
import type postgres from "postgres";

type Sum = (a: number, b: number) => Promise<number>;

const task = { workflowName: "sum", queueName: "tasks" };

export async function useEveryDriver(
  pool: pg.Pool,
  poolClient: pg.PoolClient,
  sql: postgres.Sql,
  transaction: postgres.TransactionSql,
): Promise<void> {
  for (const driver of [pool, poolClient, sql, transaction]) await enqueue(driver, task, 1, 2);
  const client: Client = createClient(pool, { schema: "my_dbos" });
  await enqueue(client, task, 1, 2);
  await enqueue(new pg.Client(), task, 1, 2);
  await sql.begin((transaction) => enqueue(transaction, task, 1, 2));
  await enqueue(neon("postgres://localhost/shop_dbos_sys"), task, 1, 2);
  const neonPool = new NeonPool();
  for (const driver of [neonPool, await neonPool.connect()]) await enqueue(driver, task, 1, 2);
}

export async function useResults(url: string): Promise<number> {
  await using client = await connect(url);
  const handle = await enqueue<Sum>(client, task, 1, 2);
  const progress: number | null = await getEvent<number>(client, handle.workflowID, "progress", 5);
  return progress ?? await handle.getResult({ timeoutSeconds: 5 });
}

export async function useCore(url: string): Promise<number> {
  await using client = await connectWithURL(url);
  const handle = await core.enqueue<Sum>(client, task, 1, 2);
  // A client of one entry point works with the functions of the other.
  await getEvent<number>(client, handle.workflowID, "progress", 5);
  return await handle.getResult();
}

export async function useTestWorker(): Promise<number> {
  await using worker = await startTestWorker({
    async sum(a: number, b: number) {
      const message: { c: number } | null = await DBOS.recv<{ c: number }>("topic", 5);
      return a + b + (message?.c ?? 0);
    },
  }, { queues: { tasks: { globalConcurrency: 1 } } });
  // @ts-expect-error: a workflow needs a function
  await startTestWorker({ sum: 3 });
  return await (await enqueue<Sum>(worker.client, task, 1, 2)).getResult();
}

export async function useHandlers(pool: pg.Pool): Promise<RequestHandler[]> {
  const secret = await signalLink({
    ...{ url: "http://localhost/", secret: "0123456789abcdef", workflowID: "a" },
    message: { approved: true },
  });
  // @ts-expect-error: without authorize, everybody could read everything
  workflowEvents(pool, { streams: ["log"] });
  return [
    workflowEvents(pool, { authorize: ({ headers }) => headers.has("cookie"), events: ["a"] }),
    enqueueHandler<{ id: number }>(pool, {
      verify: githubWebhooks({ secret }),
      toJob: ({ id }) => id > 0 ? { ...task, args: [id] } : null,
    }),
    enqueueHandler(pool, {
      verify: standardWebhooks({ secret }),
      // @ts-expect-error: a payload of which nothing is known
      toJob: ({ id }) => ({ ...task, args: [id] }),
    }),
    signalHandler(pool, { secret: [secret], renderPage: ({ state }) => state }),
  ];
}

export async function useWorkflowTypes(pool: pg.Pool): Promise<number[]> {
  interface Task {
    id: number;
    due: Date;
  }
  const values: Task[] = [{ id: 7, due: new Date() }];
  await enqueue(pool, task, values[0]!, values, new Map(), { id: 8 }, 5n, null, undefined);
  const named = { ...task, namedArgs: { b: 2 } };
  return [
    await (await enqueue<Sum>(pool, named, 1)).getResult(),
    await retrieveWorkflow<Sum>(pool, "sum-1").getResult(),
    await getResult<Sum>(pool, "sum-1"),
    await getResult<number>(pool, "sum-1"),
  ];
}

declare const schema: StandardSchema<string, number>;

export const contract = defineWorkflow({
  ...task,
  args: ofType<[a: number, b: number]>(),
  result: schema,
  events: { progress: schema },
  messages: { approval: schema },
  streams: { log: ofType<Date>() },
});

export const annotated: WorkflowContract<{ args: [a: number, b: number]; result: number }> =
  defineWorkflow({ ...task, args: ofType<[a: number, b: number]>(), result: schema });

export async function useContracts(pool: pg.Pool): Promise<number> {
  const handle = await enqueue(pool, { ...contract, priority: 1 }, 1, 2);
  await enqueueMany(pool, [1, 2].map((a) => ({ ...annotated, args: [a, 2] })));
  await send(pool, handle.workflowID, "yes", contract.messages.approval);
  for await (const date of readStream(pool, handle.workflowID, contract.streams.log)) {
    date.getTime();
  }
  const progress: number | null = await getEvent(pool, "sum-1", contract.events.progress);
  const result: number = await getResult(pool, "sum-1", { ...contract, timeoutSeconds: 5 });
  return await (await enqueue(pool, annotated, 1, 2)).getResult() + result + (progress ?? 0);
}

export async function misuseContracts(pool: pg.Pool): Promise<void> {
  // @ts-expect-error the second argument is missing
  await enqueue(pool, contract, 1);
  // @ts-expect-error the arguments are numbers
  await enqueue(pool, { ...annotated, priority: 1 }, "1", "2");
  // @ts-expect-error the second argument is missing
  await enqueueMany(pool, [1, 2].map((a) => ({ ...contract, args: [a] })));
  // @ts-expect-error the message is a text
  await send(pool, "sum-1", true, contract.messages.approval);
  // @ts-expect-error it is the key of a stream
  await getEvent(pool, "sum-1", contract.streams.log);
  // @ts-expect-error there is no such event
  await getEvent(pool, "sum-1", contract.events.progres);
}

export async function misuse(pool: pg.Pool): Promise<void> {
  // @ts-expect-error a number is not a driver
  await enqueue(7, task);
  // @ts-expect-error a number is not a driver
  createClient(7);
  // @ts-expect-error an option must not be undefined
  createClient(pool, { schema: undefined });
  // @ts-expect-error the second argument is missing
  await enqueue<Sum>(pool, task, 1);
  // @ts-expect-error a function cannot be stored
  await enqueue(pool, task, () => 1);
  // @ts-expect-error a Promise must be awaited first
  await enqueue(pool, task, Promise.resolve(1));
  // @ts-expect-error the first argument is a number, with named arguments too
  await enqueue<Sum>(pool, { ...task, namedArgs: { b: 2 } }, "1");
  // @ts-expect-error the result is a number
  const _text: string = await (await enqueue<Sum>(pool, task, 1, 2)).getResult();
}
