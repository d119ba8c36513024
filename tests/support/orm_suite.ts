/** What must hold for the databases and transactions of every ORM. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type pg from "pg";
import * as library from "../../mod.ts";
import {
  createClient,
  type Driver,
  enqueue,
  enqueueMany,
  getEvent,
  getResult,
  getStatus,
  InsufficientPrivilegeError,
  listWorkflows,
  NonExistentWorkflowError,
  QueueDuplicatedError,
  ResultTimeoutError,
  retrieveWorkflow,
  send,
  waitAll,
} from "../../mod.ts";
import { transactionCases } from "../conformance/transaction_cases.ts";

/** A database of an ORM. */
export interface OrmDatabase extends AsyncDisposable {
  /** What is passed as the client outside of transactions. */
  readonly db: Driver;
  /** Runs a statement in the way of the ORM. */
  run(connection: Driver, statement: string): Promise<unknown>;
  /** Runs `body` in a transaction in the way of the ORM. */
  transaction(body: (transaction: Driver) => Promise<void>): Promise<unknown>;
}

export const task = { workflowName: "echo", queueName: "tasks" };
const idleTask = { workflowName: "echo", queueName: "idle" };

/** Checks that nothing waits in an open transaction, which stays usable. */
export async function checkWaits(transaction: Driver): Promise<void> {
  const handle = await enqueue(transaction, idleTask);
  const { workflowID } = handle;
  for (
    const wait of [
      () => handle.getResult(),
      () => getResult(transaction, workflowID),
      () => getResult(createClient(transaction), workflowID),
      () => getEvent(transaction, workflowID, "key"),
      () => waitAll(transaction, [workflowID]),
    ]
  ) {
    await assertRejects(wait, TypeError, "transaction");
  }
  await assertRejects(
    () => getResult(transaction, workflowID, { timeoutSeconds: 0 }),
    ResultTimeoutError,
  );
  assertEquals((await getStatus(transaction, workflowID))?.status, "ENQUEUED");
}

async function countOrders(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query("select count(*)::int as count from orders");
  return rows[0].count;
}

/** Checks what must hold for every ORM, on a database that has a worker. */
export async function checkOrm(
  orm: OrmDatabase,
  pool: pg.Pool,
  step: (name: string, run: () => Promise<unknown>) => Promise<unknown>,
): Promise<void> {
  const { db } = orm;
  const insert = (transaction: Driver, id: number) =>
    orm.run(transaction, `insert into orders (id) values (${id})`);
  await pool.query("create table if not exists orders (id int primary key)");
  await pool.query("truncate orders");

  await step("its database enqueues and waits", async () => {
    const texts = ["it's ? and $1 and :name", "\\", "{}", "[1]", "漢字 \u{10ffff}"];
    const handle = await enqueue(db, task, ...texts);
    assertEquals(await handle.getResult({ timeoutSeconds: 600 }), texts);
    const jobs = texts.map((text) => ({ ...task, args: [text] }));
    const outcomes = await enqueueMany(db, jobs);
    const handles = await waitAll(db, outcomes.map(({ workflowID }) => workflowID!));
    const results = await Promise.all(handles.map(({ getResult }) => getResult()));
    assertEquals(results, texts.map((text) => [text]));
    assertEquals((await listWorkflows(db, { workflowIDs: [handle.workflowID] })).length, 1);
  });

  await step("a workflow commits with the caller's own rows", async () => {
    const workflowID = crypto.randomUUID();
    await orm.transaction(async (transaction) => {
      await insert(transaction, 1);
      await enqueue(transaction, { ...task, workflowID }, 1);
      assertEquals(await getStatus(db, workflowID), null);
    });
    assertEquals(await countOrders(pool), 1);
    const handle = retrieveWorkflow(db, workflowID);
    assertEquals(await handle.getResult({ timeoutSeconds: 600 }), [1]);
  });

  await step("a workflow rolls back with the caller's own rows", async () => {
    const workflowID = crypto.randomUUID();
    await assertRejects(
      () =>
        orm.transaction(async (transaction) => {
          await insert(transaction, 2);
          await enqueue(transaction, { ...task, workflowID });
          throw new Error("changed my mind");
        }),
      Error,
      "changed my mind",
    );
    assertEquals(await countOrders(pool), 1);
    assertEquals(await getStatus(db, workflowID), null);
  });

  await step("errors of the library leave the transaction usable", async () => {
    const deduplicationID = crypto.randomUUID();
    await enqueue(db, { ...idleTask, deduplicationID });
    await orm.transaction(async (transaction) => {
      await assertRejects(
        () => enqueue(transaction, { ...idleTask, deduplicationID }),
        QueueDuplicatedError,
      );
      await assertRejects(() => send(transaction, "nobody", 7), NonExistentWorkflowError);
      await insert(transaction, 3);
    });
    assertEquals(await countOrders(pool), 2);
  });

  await step("nothing waits in a transaction", () => orm.transaction(checkWaits));

  for (const [name, run] of Object.entries(transactionCases)) {
    await step(name, () =>
      run({
        library,
        client: db,
        schema: "dbos",
        transaction: async (body) => void await orm.transaction(body),
        query: async (text, values) => (await pool.query(text, values)).rows,
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }));
  }

  await step("errors of the server keep their SQLSTATE, and no statement or value", async () => {
    const role = `orm_${crypto.randomUUID().replaceAll("-", "")}`;
    await pool.query(`create role ${role}; grant usage on schema dbos to ${role}`);
    try {
      await orm.transaction(async (transaction) => {
        const error = await assertRejects(
          async () => {
            await orm.run(transaction, `set local role ${role}`);
            await enqueue(transaction, idleTask, "payload-7");
          },
          InsufficientPrivilegeError,
        );
        const text = Deno.inspect(error, { depth: 10, showHidden: true });
        assert(!text.includes("payload-7"), text);
        assert((error.cause as Error).message.startsWith("permission denied for"), text);
        throw error;
      }).catch((error: unknown) => {
        if (!(error instanceof InsufficientPrivilegeError)) throw error;
      });
    } finally {
      await pool.query(`drop owned by ${role}; drop role ${role}`);
    }
  });
}
