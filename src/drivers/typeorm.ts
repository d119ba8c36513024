import type { CustomDriver } from "./driver.ts";
import { isLostPgConnection } from "./error_codes.ts";
import { checkPostgres } from "./postgres_only.ts";

interface TypeORM {
  query(text: string, values: readonly unknown[]): Promise<object[] | [object[], number]>;
  /** The manager of a data source, a query runner or a repository. */
  readonly manager?: TypeORM;
  /** The data source of a manager. */
  readonly connection?: TypeORM;
  readonly options?: { readonly type: string };
}

function unwrapError(error: unknown): unknown {
  return (error as { driverError?: unknown } | undefined)?.driverError ?? error;
}

/** Sends statements through a `DataSource`, `EntityManager`, `QueryRunner` or `Repository`. */
export function toTypeORMDriver(orm: TypeORM): CustomDriver {
  const dataSource = orm.options ? orm : (orm.manager ?? orm).connection;
  const type = dataSource?.options?.type ?? "postgres";
  checkPostgres("a data source of TypeORM", type, /postgres|cockroach/.test(type));
  return {
    async query(text, values) {
      try {
        const result = await orm.query(text, values);
        // Of an update or a delete it returns the rows, and how many they are.
        return Array.isArray(result[0]) ? result[0] : result as object[];
      } catch (error) {
        throw unwrapError(error);
      }
    },
    isLostConnection: isLostPgConnection,
  };
}
