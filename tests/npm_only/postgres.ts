/**
 * Replaces `@db/postgres` where JSR cannot be reached. npm has no such package, so its tests are
 * skipped; this file has the names and types with which they compile.
 */
export const unavailable = "JSR cannot be reached";

class Unavailable {
  constructor(..._options: unknown[]) {
    throw new Error(`Cannot use @db/postgres: ${unavailable}`);
  }
}

class Queryable extends Unavailable {
  declare queryObject: <T>(text: string, args?: unknown[]) => Promise<{ rows: T[] }>;
}

export class Transaction extends Queryable {
  declare begin: () => Promise<void>;
  declare commit: () => Promise<void>;
  declare rollback: () => Promise<void>;
}

export class Client extends Queryable {
  declare connect: () => Promise<void>;
  declare end: () => Promise<void>;
  declare createTransaction: (name: string) => Transaction;
}

export class PoolClient extends Client {
  declare release: () => void;
}

export class Pool extends Unavailable {
  declare connect: () => Promise<PoolClient>;
  declare end: () => Promise<void>;
  declare size: number;
  declare available: number;
}
