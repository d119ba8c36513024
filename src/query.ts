/** Turns the statements of sql/ into what a driver takes. */

import type { Statement } from "../sql/mod.ts";

/** A value that every driver binds alike. */
export type Value = string | number | boolean | null;

/** One statement, ready to be sent. */
export interface Query {
  /** Names the text for a prepared statement: equal names have equal texts. */
  readonly name: string;
  /** SQL with `$1`, `$2` … in the order of `values`. */
  readonly text: string;
  readonly values: readonly Value[];
}

/** The tables (`workflow_input`) and columns (`workflow_status.attributes`) that a schema has. */
export type Features = ReadonlySet<string>;

interface CompiledStatement {
  readonly name: string;
  readonly text: string;
  readonly parameters: readonly string[];
}

const featureMarker = / *-- (not )?([a-z_.]+)$/;
const parameter = /(?<!:):([a-z_]+)/g;

/** Quotes a name for use as an SQL identifier. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

// FNV-1a: names need to differ, not to be secret.
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return (value >>> 0).toString(36);
}

function dropAbsentFeatures(text: string, features: Features): string {
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    const marker = featureMarker.exec(line);
    if (marker && features.has(marker[2]!) === (marker[1] !== undefined)) continue;
    lines.push(marker ? line.slice(0, marker.index) : line);
  }
  return lines.join("\n");
}

function compile(text: string, name: string, schema: string, features: Features) {
  const parameters: string[] = [];
  const compiled = dropAbsentFeatures(text, features).replace(parameter, (_, name: string) => {
    if (name === "schema") return quoteIdentifier(schema);
    if (!parameters.includes(name)) parameters.push(name);
    return `$${parameters.indexOf(name) + 1}`;
  });
  return { name: `dbos_${name}_${hash(compiled)}`, text: compiled, parameters };
}

/** A function that makes queries for one schema with one set of features, compiling each once. */
export function createQueryBuilder(
  schema: string,
  features: Features,
): <Parameters extends object, Row>(
  statement: Statement<Parameters, Row>,
  parameters: Parameters,
) => Query {
  const compiled = new Map<string, CompiledStatement>();
  return (statement, parameters) => {
    let entry = compiled.get(statement.name);
    if (!entry) {
      entry = compile(statement.text, statement.name, schema, features);
      compiled.set(statement.name, entry);
    }
    const values = parameters as Record<string, Value>;
    return {
      name: entry.name,
      text: entry.text,
      values: entry.parameters.map((name) => values[name]!),
    };
  };
}
