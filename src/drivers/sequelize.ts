import type { CustomDriver } from "./driver.ts";
import { isLostPgConnection } from "./error_codes.ts";
import { checkPostgres } from "./postgres_only.ts";

interface Sequelize {
  query(
    text: string,
    options: { bind: readonly unknown[]; raw: true; transaction: Transaction | null },
  ): Promise<[object[], unknown]>;
  getDialect(): string;
}

interface Transaction {
  readonly sequelize: Sequelize;
}

function unwrapError(error: unknown): unknown {
  return (error as { original?: unknown } | undefined)?.original ?? error;
}

/** Sends statements through a `Sequelize`, or in a `Transaction` of it. */
export function toSequelizeDriver(orm: Sequelize | Transaction): CustomDriver {
  const [sequelize, transaction] = "sequelize" in orm ? [orm.sequelize, orm] : [orm, null];
  const dialect = sequelize.getDialect();
  checkPostgres("a Sequelize", dialect, dialect === "postgres");
  return {
    async query(text, bind) {
      try {
        // Without a transaction it would use the one of the asynchronous context, if there is one.
        const [rows] = await sequelize.query(text, { bind, raw: true, transaction });
        return rows;
      } catch (error) {
        throw unwrapError(error);
      }
    },
    isLostConnection: (error) => isLostPgConnection(unwrapError(error)),
  };
}
