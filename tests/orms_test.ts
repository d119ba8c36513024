/** Tests that databases and transactions of ORMs are clients as they are, with the real packages. */
import { PGlite } from "@electric-sql/pglite";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EntitySchema, MikroORM, type SqlEntityManager } from "@mikro-orm/postgresql";
import { drizzle } from "drizzle-orm/node-postgres";
import { drizzle as drizzlePGlite } from "drizzle-orm/pglite";
import { drizzle as drizzlePostgresJs } from "drizzle-orm/postgres-js";
import knex from "knex";
import { CamelCasePlugin, Kysely, ParseJSONResultsPlugin, PostgresDialect, sql } from "kysely";
import pg from "pg";
import postgres from "postgres";
import { DataSource } from "typeorm";
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
} from "../mod.ts";
import { transactionCases } from "./conformance/transaction_cases.ts";
import { createTestDatabase, type TestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";
import { createPglitePool } from "./support/pglite_pool.ts";
import { startWorker } from "./support/start_worker.ts";
import * as library from "../mod.ts";

/** A database of an ORM. */
interface OrmDatabase extends AsyncDisposable {
  /** What is passed as the client outside of transactions. */
  readonly db: Driver;
  /** Inserts an order in the way of the ORM. */
  insert(connection: Driver, id: number): Promise<unknown>;
  /** Runs `body` in a transaction in the way of the ORM. */
  transaction(body: (transaction: Driver) => Promise<void>): Promise<unknown>;
}

type OpenOrm = (url: string) => OrmDatabase | Promise<OrmDatabase>;

// deno-lint-ignore no-explicit-any -- each ORM has types of its own
type Any = any;

const Order = new EntitySchema<{ id: number }>({
  name: "Order",
  tableName: "orders",
  properties: { id: { type: "integer", primary: true } },
});
const insertOrder = (id: number) => `insert into orders (id) values (${id})`;

function openDrizzle(db: Any, close: () => Promise<unknown>): OrmDatabase {
  return {
    db,
    insert: (connection: Any, id) => connection.execute(insertOrder(id)),
    transaction: (body) => db.transaction(body),
    async [Symbol.asyncDispose]() {
      await close();
    },
  };
}

function openKysely(url: string): OrmDatabase & { db: Kysely<unknown> } {
  const dialect = new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) });
  const plugins = [new CamelCasePlugin(), new ParseJSONResultsPlugin()];
  const db = new Kysely<unknown>({ dialect, plugins });
  return {
    db,
    insert: (connection: Any, id) => sql.raw(insertOrder(id)).execute(connection),
    transaction: (body) => db.transaction().execute(body),
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

async function openTypeORM(url: string): Promise<OrmDatabase & { db: DataSource }> {
  const db = await new DataSource({ type: "postgres", url }).initialize();
  return {
    db,
    insert: (connection: Any, id) => connection.query(insertOrder(id)),
    transaction: (body) => db.transaction(body),
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

async function openMikroORM(url: string): Promise<OrmDatabase & { db: SqlEntityManager }> {
  const orm = await MikroORM.init({ clientUrl: url, entities: [Order] });
  const db = orm.em.fork();
  return {
    db,
    insert: (connection: Any, id) => connection.insert(Order, { id }),
    transaction: (body) => db.transactional(body),
    [Symbol.asyncDispose]: () => orm.close(),
  };
}

const orms: Record<string, OpenOrm> = {
  "Drizzle over npm:pg"(url) {
    const pool = new pg.Pool({ connectionString: url });
    return openDrizzle(drizzle(pool), () => pool.end());
  },

  "Drizzle over npm:postgres"(url) {
    const sql = postgres(url, { onnotice: () => {} });
    return openDrizzle(drizzlePostgresJs(sql), () => sql.end());
  },

  "Kysely": openKysely,

  "Kysely with transactions that are committed by hand"(url) {
    const orm = openKysely(url);
    return {
      ...orm,
      async transaction(body) {
        const transaction = await orm.db.startTransaction().execute();
        try {
          await body(transaction);
          await transaction.commit().execute();
        } catch (error) {
          await transaction.rollback().execute();
          throw error;
        }
      },
    };
  },

  "Knex"(url) {
    const db = knex({ client: "pg", connection: url });
    return {
      db,
      insert: (connection: Any, id) => connection.raw(insertOrder(id)),
      transaction: (body) => db.transaction(body),
      [Symbol.asyncDispose]: () => db.destroy(),
    };
  },

  "TypeORM": openTypeORM,

  "TypeORM with the manager of a data source": async (url) => {
    const orm = await openTypeORM(url);
    return { ...orm, db: orm.db.manager };
  },

  "TypeORM with a query runner": async (url) => {
    const orm = await openTypeORM(url);
    return {
      ...orm,
      async transaction(body) {
        const queryRunner = orm.db.createQueryRunner();
        await queryRunner.startTransaction();
        try {
          await body(queryRunner);
          await queryRunner.commitTransaction();
        } catch (error) {
          await queryRunner.rollbackTransaction();
          throw error;
        } finally {
          await queryRunner.release();
        }
      },
    };
  },

  "MikroORM": openMikroORM,

  "MikroORM with transactions that are committed by hand": async (url) => {
    const orm = await openMikroORM(url);
    return {
      ...orm,
      async transaction(body) {
        const em = orm.db.fork();
        await em.begin();
        try {
          await body(em);
          await em.commit();
        } catch (error) {
          await em.rollback();
          throw error;
        }
      },
    };
  },
};

const task = { workflowName: "echo", queueName: "tasks" };
const idleTask = { workflowName: "echo", queueName: "idle" };

/** Checks that nothing waits in an open transaction, which stays usable. */
async function checkWaits(transaction: Driver): Promise<void> {
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

async function checkOrm(
  orm: OrmDatabase,
  { url, pool, test }: { url: string; pool: pg.Pool; test: Deno.TestContext },
): Promise<void> {
  const { db } = orm;
  await pool.query("create table if not exists orders (id int primary key)");
  await pool.query("truncate orders");

  await test.step("its database enqueues and waits", async () => {
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

  await test.step("a workflow commits with the caller's own rows", async () => {
    const workflowID = crypto.randomUUID();
    await orm.transaction(async (transaction) => {
      await orm.insert(transaction, 1);
      await enqueue(transaction, { ...task, workflowID }, 1);
      assertEquals(await getStatus(db, workflowID), null);
    });
    assertEquals(await countOrders(pool), 1);
    const handle = retrieveWorkflow(db, workflowID);
    assertEquals(await handle.getResult({ timeoutSeconds: 600 }), [1]);
  });

  await test.step("a workflow rolls back with the caller's own rows", async () => {
    const workflowID = crypto.randomUUID();
    await assertRejects(
      () =>
        orm.transaction(async (transaction) => {
          await orm.insert(transaction, 2);
          await enqueue(transaction, { ...task, workflowID });
          throw new Error("changed my mind");
        }),
      Error,
      "changed my mind",
    );
    assertEquals(await countOrders(pool), 1);
    assertEquals(await getStatus(db, workflowID), null);
  });

  await test.step("errors of the library leave the transaction usable", async () => {
    const deduplicationID = crypto.randomUUID();
    await enqueue(db, { ...idleTask, deduplicationID });
    await orm.transaction(async (transaction) => {
      await assertRejects(
        () => enqueue(transaction, { ...idleTask, deduplicationID }),
        QueueDuplicatedError,
      );
      await assertRejects(() => send(transaction, "nobody", 7), NonExistentWorkflowError);
      await orm.insert(transaction, 3);
    });
    assertEquals(await countOrders(pool), 2);
  });

  await test.step("nothing waits in a transaction", () =>
    orm.transaction(checkWaits) as Promise<void>);

  for (const [name, run] of Object.entries(transactionCases)) {
    await test.step(name, () =>
      run({
        library,
        client: db,
        schema: "dbos",
        transaction: async (body) => void await orm.transaction(body),
        query: async (text, values) => (await pool.query(text, values)).rows,
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }));
  }

  await test.step("errors of the server keep their SQLSTATE, and no statement or value", async () => {
    const role = `orm_${crypto.randomUUID().replaceAll("-", "")}`;
    await pool.query(`create role ${role}; grant usage on schema dbos to ${role}`);
    try {
      await orm.transaction(async (transaction) => {
        const error = await assertRejects(
          async () => {
            await runStatement(transaction, `set local role ${role}`);
            await enqueue(transaction, idleTask, "payload-7");
          },
          InsufficientPrivilegeError,
        );
        const text = Deno.inspect(error, { depth: 10, showHidden: true });
        assert(!text.includes("payload-7"), text);
        throw error;
      }).catch((error: unknown) => {
        if (!(error instanceof InsufficientPrivilegeError)) throw error;
      });
    } finally {
      await pool.query(`drop owned by ${role}; drop role ${role}`);
    }
    void url;
  });
}

/** Runs a statement in the way of the ORM. */
async function runStatement(connection: Any, text: string): Promise<void> {
  if (connection.raw) await connection.raw(text);
  else if (connection.execute) await connection.execute(text);
  else if (connection.executeQuery) await sql.raw(text).execute(connection);
  else await connection.query(text);
}

async function openDatabase(
  resources: AsyncDisposableStack,
): Promise<{ database: TestDatabase; pool: pg.Pool }> {
  const database = resources.use(await createTestDatabase());
  resources.use(await startWorker({ systemDatabaseUrl: database.url }));
  const pool = new pg.Pool({ connectionString: database.url });
  resources.defer(() => pool.end());
  return { database, pool };
}

Deno.test("the database and the transactions of an ORM are clients as they are", async (test) => {
  await using resources = new AsyncDisposableStack();
  const { database: { url }, pool } = await openDatabase(resources);
  for (const [name, open] of Object.entries(orms)) {
    await test.step(name, async (test) => {
      await using orm = await open(url);
      await checkOrm(orm, { url, pool, test });
    });
  }
});

Deno.test("a Drizzle database over PGlite is a client as it is", async () => {
  await using database = await PGlite.create();
  await migrate(createPglitePool(database));
  const db = drizzlePGlite(database);
  await db.transaction(checkWaits);
  const handle = await enqueue(db, task);
  await assertRejects(() => handle.getResult({ timeoutSeconds: 0.05 }), ResultTimeoutError);
});

Deno.test("a query runner of TypeORM waits only outside of its transactions", async () => {
  await using resources = new AsyncDisposableStack();
  const { database: { url } } = await openDatabase(resources);
  await using orm = await openTypeORM(url);
  const queryRunner = orm.db.createQueryRunner();
  await queryRunner.startTransaction();
  await checkWaits(queryRunner);
  const { workflowID } = await enqueue(queryRunner, task, 7);
  await queryRunner.commitTransaction();
  assertEquals(await getResult(queryRunner, workflowID, { timeoutSeconds: 600 }), [7]);
  await queryRunner.release();
});

Deno.test("an entity manager of MikroORM waits only outside of its transactions", async () => {
  await using resources = new AsyncDisposableStack();
  const { database: { url } } = await openDatabase(resources);
  await using orm = await openMikroORM(url);
  const { db } = orm;
  const [before] = await Promise.all([enqueue(db, task, 6), enqueue(db, task)]);
  await db.begin();
  await checkWaits(db);
  const { workflowID } = await enqueue(db, task, 7);
  await db.commit();
  assertEquals(await getResult(db, workflowID, { timeoutSeconds: 600 }), [7]);
  assertEquals(await before.getResult({ timeoutSeconds: 600 }), [6]);
});

Deno.test("an ORM for another kind of database is refused", async () => {
  const db = knex({ client: "mysql2" });
  await assertRejects(
    () => enqueue(db, task),
    TypeError,
    "Cannot use a Knex for mysql as a client",
  );
  const error = assertThrows(() => createClient(drizzle.mock()), TypeError);
  assert(
    error.message.startsWith("Cannot use a database of Drizzle with an object of class Object"),
  );
});
