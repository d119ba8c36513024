/** Checks Sequelize and Prisma, on the database of a URL, with a worker. */
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { Sequelize } from "sequelize";
import { checkOrm, type OrmDatabase } from "../support/orm_suite.ts";
import { PrismaClient } from "../support/prisma_client.ts";

// deno-lint-ignore no-explicit-any -- each ORM has types of its own
type Any = any;

const orms: Record<string, (url: string) => OrmDatabase> = {
  "Sequelize"(url) {
    const db = new Sequelize(url, { dialect: "postgres", dialectModule: pg, logging: false });
    return {
      db,
      run: (transaction: Any, statement) => db.query(statement, { transaction }),
      transaction: (body) => db.transaction(body),
      [Symbol.asyncDispose]: () => db.close(),
    };
  },

  "Prisma"(url) {
    const db = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
    return {
      db,
      run: (connection: Any, statement) => connection.$executeRawUnsafe(statement),
      transaction: (body) => db.$transaction(body),
      [Symbol.asyncDispose]: () => db.$disconnect(),
    };
  },
};

const [url] = Deno.args as [string];
const pool = new pg.Pool({ connectionString: url });
for (const [name, open] of Object.entries(orms)) {
  await using orm = open(url);
  await checkOrm(orm, pool, async (step, run) => {
    try {
      await run();
    } catch (error) {
      throw new Error(`${name}: ${step}`, { cause: error });
    }
  });
  console.log(`${name} passed`);
}
await pool.end();
