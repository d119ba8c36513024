/** Keeps track of which tables and columns the schema has, which an upgrade may change at any time. */

import * as sql from "../../sql/database/mod.ts";
import { sqlStateOf } from "../drivers/error_codes.ts";
import { ShardedDatabaseError, SystemSchemaNotFoundError } from "../errors/database.ts";
import {
  type CompiledQuery,
  createQueryBuilder,
  type Features,
  type QueryBuilder,
} from "./query.ts";
import type { Row } from "./rows.ts";

/** The schema as it was read, and the queries that were compiled for it. */
export interface Schema {
  readonly columns: string;
  readonly features: Features;
  readonly buildQuery: QueryBuilder;
}

/** Reads the schema, and reads it again when it may have changed. */
export interface SchemaReader {
  /** The schema; a promise while it is read, which it is at the first call, and again every minute. */
  current(): Schema | Promise<Schema>;
  /** Has the next call of `current` read the schema again. */
  invalidate(): void;
  /** Refuses `feature` if the schema lacks a table or column that it needs. */
  requireColumn(feature: string, column: string): Promise<void>;
  /** Whether the schema, as last read, has a table or column; false before it was read. */
  hasColumn(column: string): boolean;
}

// A column that an upgrade adds raises no error, unlike one that it removes.
const maxAgeMs = 60_000;

// Older releases keep enqueued workflows in a table of their own.
const oldestSupportedColumn = "workflow_status.started_at_epoch_ms";

/** Whether an error means that a column (42703) or table (42P01) is missing. */
export function isSchemaMismatch(error: unknown): boolean {
  return /^(42703|42P01)$/.test(sqlStateOf(error) ?? "");
}

/** Each table, column and trigger in what find_features.sql returns. */
export function toFeatures(columns: string): Features {
  return new Set(
    columns.split(" ").flatMap((text) => {
      const [table, ...names] = text.split(",");
      return [table!, ...names.map((name) => `${table}.${name}`)];
    }),
  );
}

async function unsupportedFeature(feature: string, column: string): Promise<Error> {
  // The history is 0.9 KB gzipped, and only for the message of this error.
  const { unsupportedFeature } = await import("./schema_history.ts");
  return unsupportedFeature(feature, column);
}

/** A reader of the schema of this name, which it reads with `send`. */
export function createSchemaReader(
  send: (query: CompiledQuery) => Promise<Row[]>,
  name: string,
): SchemaReader {
  const { buildQuery } = compileFor("");
  let schema: Schema | Promise<Schema> | undefined;
  let lastSchema: Schema | undefined;
  let readAt = 0;

  function compileFor(columns: string): Schema {
    const features = toFeatures(columns);
    return { columns, features, buildQuery: createQueryBuilder(name, features) };
  }

  async function read(): Promise<Schema> {
    const [row] = await send(buildQuery(sql.findFeatures, { schema_name: name }));
    const columns = (row?.columns ?? "") as string;
    if (columns !== lastSchema?.columns) {
      const schema = compileFor(columns);
      if (!schema.features.has("workflow_status.workflow_uuid")) {
        throw new SystemSchemaNotFoundError(String(row?.database), name);
      }
      lastSchema = schema;
    }
    if (lastSchema.features.has("workflow_status.shard_key")) {
      throw new ShardedDatabaseError(String(row?.database), name);
    }
    if (!lastSchema.features.has(oldestSupportedColumn)) {
      throw await unsupportedFeature(
        "a system database of such an old release",
        oldestSupportedColumn,
      );
    }
    return lastSchema;
  }

  function current(): Schema | Promise<Schema> {
    const isOld = performance.now() - readAt > maxAgeMs;
    if (schema && !isOld) return schema;
    readAt = performance.now();
    const reading = read();
    reading.then(
      (read) => schema = read,
      () => schema === reading && (schema = undefined),
    );
    // The old schema serves until the new one has been read.
    return schema ??= reading;
  }

  return {
    current,
    invalidate() {
      schema = undefined;
    },
    async requireColumn(feature, column) {
      if ((await current()).features.has(column)) return;
      // An upgrade may have added it since.
      schema = undefined;
      const { features } = await current();
      if (!features.has(column)) throw await unsupportedFeature(feature, column);
    },
    hasColumn: (column) => lastSchema?.features.has(column) ?? false,
  };
}
