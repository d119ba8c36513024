import { createSerialQueue } from "../serial_queue.ts";
import type { CustomDriver } from "./driver.ts";
import { isLostPgConnection } from "./pg_executor.ts";
import { checkPostgres } from "./postgres_only.ts";

interface TypeORM {
  query(text: string, values: readonly unknown[]): Promise<object[] | [object[], number]>;
  readonly manager?: TypeORM;
  readonly queryRunner?: TypeORM;
  readonly connection?: TypeORM;
  readonly options?: { readonly type: string };
}

function unwrapError(error: unknown): unknown {
  return (error as { driverError?: unknown } | undefined)?.driverError ?? error;
}

/** Sends statements through a `DataSource`, `EntityManager`, `QueryRunner` or `Repository`. */
export function toTypeORMDriver(orm: TypeORM): CustomDriver {
  const { options } = orm.options ? orm : (orm.manager ?? orm).connection ?? {};
  checkPostgres("a TypeORM data source", options?.type, /postgres|cockroach/.test(options!.type));
  const runSerially = createSerialQueue();
  const isConnection = Boolean("isTransactionActive" in orm || (orm.manager ?? orm).queryRunner);

  async function query(text: string, values: readonly unknown[]): Promise<object[]> {
    try {
      const result = await orm.query(text, values);
      // Of an update or a delete it returns the rows, and how many they are.
      return Array.isArray(result[0]) ? result[0] : result as object[];
    } catch (error) {
      throw unwrapError(error);
    }
  }

  return {
    query: (text, values) =>
      isConnection ? runSerially(() => query(text, values)) : query(text, values),
    isLostConnection: isLostPgConnection,
  };
}
