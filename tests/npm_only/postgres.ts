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

interface ClientOptions {
  controls?: {
    decodeStrategy?: "string" | "auto";
    decoders?: Record<string, (text: string) => unknown>;
  };
  [setting: string]: unknown;
}

class Queryable extends Unavailable {
  declare queryArray: (text: string, args?: unknown[]) => Promise<{ rows: unknown[][] }>;
  declare queryObject: <T>(text: string, args?: unknown[]) => Promise<{ rows: T[] }>;
}

export class Transaction extends Queryable {
  declare begin: () => Promise<void>;
  declare commit: () => Promise<void>;
  declare rollback: () => Promise<void>;
}

export class Client extends Queryable {
  constructor(options: string | ClientOptions) {
    super(options);
  }

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
