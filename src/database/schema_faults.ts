/** What is wrong with a schema. */

import { SystemSchemaNotFoundError, UnsupportedFeatureError } from "../errors/schema.ts";
import { describeFirstReleases } from "./schema_history.ts";

/** The error of a database without system tables. */
export function notFound(database: string, schema: string): Error {
  return new SystemSchemaNotFoundError(database, schema);
}

/** The error of a schema that does not have the column or table that a feature needs. */
export function unsupported(feature: string, needs: string): Error {
  return new UnsupportedFeatureError(feature, needs, describeFirstReleases(needs));
}
