import { UnsupportedFeatureError } from "../errors/schema.ts";
import { describeFirstReleases } from "./schema_history.ts";

/** The error of a schema that does not have the column or table that a feature needs. */
export function unsupported(feature: string, needs: string): UnsupportedFeatureError {
  return new UnsupportedFeatureError(feature, needs, describeFirstReleases(needs));
}
