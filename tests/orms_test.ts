/** Tests that databases and transactions of ORMs are clients as they are, with the real packages. */
import { PGlite } from "@electric-sql/pglite";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { MikroORM, type SqlEntityManager } from "@mikro-orm/postgresql";
import { neon, neonConfig, Pool } from "@neondatabase/serverless";
import { drizzle } from "drizzle-orm/node-postgres";
import { drizzle as drizzleNeonHttp } from "drizzle-orm/neon-http";
import { drizzle as drizzleNeonServerless } from "drizzle-orm/neon-serverless";
import { drizzle as drizzlePGlite } from "drizzle-orm/pglite";
import { drizzle as drizzlePostgresJs } from "drizzle-orm/postgres-js";
import knex from "knex";
import {
  CamelCasePlugin,
  Kysely,
  ParseJSONResultsPlugin,
  PostgresDialect,
  sql,
  SqliteDialect,
} from "kysely";
import { fileURLToPath } from "node:url";
import pg from "pg";
import postgres from "postgres";
import { DataSource, type EntityManager, EntitySchema } from "typeorm";
import { createClient, enqueue, getResult, listWorkflows, ResultTimeoutError } from "../mod.ts";
import { createTestDatabase, type TestDatabase } from "./support/database.ts";
import { readDocument } from "./support/examples.ts";
import { migrate } from "./support/migrate.ts";
import { startNeonProxy } from "./support/neon_proxy.ts";
import { checkOrm, checkWaits, type OrmDatabase, task } from "./support/orm_suite.ts";
import { createPglitePool } from "./support/pglite_pool.ts";
import { run, runProgram, writeExample } from "./support/run_example.ts";
import { startWorker } from "./support/start_worker.ts";
import { needsTypedOrms, typedOrmsCommand } from "./support/typed_orms.ts";
import { useNeonProxy } from "./support/use_neon_proxy.ts";

useNeonProxy(neonConfig);

type OpenOrm = (url: string) => OrmDatabase | Promise<OrmDatabase>;

// deno-lint-ignore no-explicit-any -- each ORM has types of its own
type Any = any;

function openDrizzle(db: Any, close: () => Promise<unknown>): OrmDatabase {
  return {
    db,
    run: (connection: Any, statement) => connection.execute(statement),
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
    run: (connection: Any, statement) => sql.raw(statement).execute(connection),
    transaction: (body) => db.transaction().execute(body),
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

const Order = new EntitySchema<{ id: number }>({
  name: "orders",
  columns: { id: { type: Number, primary: true } },
});

async function openTypeORM(url: string): Promise<OrmDatabase & { db: DataSource }> {
  const db = await new DataSource({ type: "postgres", url, entities: [Order] }).initialize();
  return {
    db,
    run: (connection: Any, statement) => connection.query(statement),
    transaction: (body) => db.transaction(body),
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

async function openMikroORM(url: string): Promise<OrmDatabase & { db: SqlEntityManager }> {
  const orm = await MikroORM.init({
    clientUrl: url,
    entities: [],
    discovery: { warnWhenNoEntities: false },
  });
  const db = orm.em.fork();
  return {
    db,
    run: (connection: Any, statement) => connection.execute(statement),
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

  "Drizzle over the Pool of npm:@neondatabase/serverless": async (url) => {
    const proxy = await startNeonProxy(url);
    const pool = new Pool({ connectionString: proxy.url });
    pool.on("error", () => {});
    return openDrizzle(drizzleNeonServerless(pool), async () => {
      await pool.end();
      await proxy[Symbol.asyncDispose]();
    });
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
      run: (connection: Any, statement) => connection.raw(statement),
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
      await checkOrm(orm, pool, (name, run) => test.step(name, async () => void await run()));
    });
  }
});

Deno.test("those of Sequelize and Prisma are clients as they are", async () => {
  await using resources = new AsyncDisposableStack();
  const { database: { url } } = await openDatabase(resources);
  const program = fileURLToPath(new URL("programs/typed_orms.ts", import.meta.url));
  assertEquals(await run([...typedOrmsCommand, program, url]), "Sequelize passed\nPrisma passed\n");
});

Deno.test("the examples of Sequelize, Prisma and Vercel Postgres run", async (test) => {
  await using resources = new AsyncDisposableStack();
  const { database: { url } } = await openDatabase(resources);
  const directory = await Deno.makeTempDir();
  resources.defer(() => Deno.remove(directory, { recursive: true }));
  const examples = readDocument("docs/drivers.md").programs.filter(needsTypedOrms);
  assertEquals(examples.length, 3);
  for (const example of examples) {
    await test.step(example.place, async () => {
      const file = await writeExample(directory, example);
      await runProgram([...typedOrmsCommand, file], example, url);
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

Deno.test("a Drizzle database over HTTP is a client as it is, and has no transactions", async () => {
  await using resources = new AsyncDisposableStack();
  const { database: { url } } = await openDatabase(resources);
  const proxy = resources.use(await startNeonProxy(url));
  for (const db of [drizzleNeonHttp(proxy.url), drizzleNeonHttp(neon(proxy.url))]) {
    const handle = await enqueue(db, task, "it's $1", 7);
    assertEquals(await handle.getResult({ timeoutSeconds: 600 }), ["it's $1", 7]);
    const [listed] = await listWorkflows(db, { workflowIDs: [handle.workflowID] });
    assertEquals(listed?.status, "SUCCESS");
    await assertRejects(
      () => db.transaction(async (transaction) => void await enqueue(transaction, task)),
      Error,
      "No transactions support",
    );
  }
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

Deno.test("a repository of TypeORM counts as its manager", async () => {
  await using resources = new AsyncDisposableStack();
  const { database: { url }, pool } = await openDatabase(resources);
  await pool.query("create table orders (id int primary key)");
  await using orm = await openTypeORM(url);
  await orm.db.transaction(async (manager: EntityManager) => {
    const orders = manager.getRepository(Order);
    await orders.insert({ id: 1 });
    await checkWaits(orders);
  });
  const handle = await enqueue(orm.db.getRepository(Order), task, 7);
  assertEquals(await handle.getResult({ timeoutSeconds: 600 }), [7]);
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
  const mysql = knex({ client: "mysql2" });
  const sqlite = new Kysely({ dialect: new SqliteDialect({ database: {} as never }) });
  for (
    const [db, message] of [
      [mysql, "Cannot use a Knex for mysql as a client: DBOS has its tables in Postgres"],
      [
        sqlite,
        "Cannot use a Kysely for SqliteAdapter as a client: DBOS has its tables in Postgres",
      ],
    ] as const
  ) {
    await assertRejects(() => enqueue(db, task), TypeError, message);
  }
  const error = assertThrows(() => createClient(drizzle.mock()), TypeError);
  assert(
    error.message.startsWith("Cannot use a database of Drizzle with an object of class Object"),
  );
});
