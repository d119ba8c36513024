/** Turns the statements of sql/ into what a driver takes. */

import type { Statement } from "../../sql/statement.ts";

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

/** Makes a query of a statement. */
export type QueryBuilder = <Parameters extends object, Row>(
  statement: Statement<Parameters, Row>,
  given: Parameters,
) => Query;

/** The tables (`workflow_input`) and columns (`workflow_status.attributes`) that a schema has. */
export type Features = ReadonlySet<string>;

type Parameters = Readonly<Record<string, Value | undefined>>;

interface CompiledStatement {
  readonly name: string;
  readonly text: string;
  readonly parameters: readonly string[];
}

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

function keepLines(
  { conditions, lines }: Statement<object, unknown>,
  isThere: (name: string) => boolean,
): string {
  const holds = (number: number) => isThere(conditions[Math.abs(number) - 1]!) === number > 0;
  const kept = lines.map((line) => typeof line === "string" ? [line] as const : line)
    .filter(([, ...numbers]) => numbers.every(holds));
  return kept.map(([code]) => code).join("\n");
}

function numberParameters(text: string, schema: string): { text: string; parameters: string[] } {
  const parameters: string[] = [];
  const numbered = text.replace(parameter, (_, name: string) => {
    if (name === "schema") return quoteIdentifier(schema);
    if (!parameters.includes(name)) parameters.push(name);
    return `$${parameters.indexOf(name) + 1}`;
  });
  return { text: numbered, parameters };
}

/**
 * A function that makes queries for one schema with one set of features, compiling each form of a
 * statement once: the lines whose conditions hold.
 */
export function createQueryBuilder(schema: string, features: Features): QueryBuilder {
  const compiled = new Map<string, CompiledStatement>();

  function compile(statement: Statement<object, unknown>, given: Parameters): CompiledStatement {
    const isGiven = (name: string) => given[name.slice(1)] !== undefined;
    const isOptional = (name: string) => name.startsWith(":");
    const form = statement.conditions.filter((name) => isOptional(name) && isGiven(name)).join();
    const key = `${statement.name}(${form})`;
    let entry = compiled.get(key);
    if (!entry) {
      const isThere = (name: string) => isOptional(name) ? isGiven(name) : features.has(name);
      const { text, parameters } = numberParameters(keepLines(statement, isThere), schema);
      entry = { name: `dbos_${statement.name}_${hash(text)}`, text, parameters };
      compiled.set(key, entry);
    }
    return entry;
  }

  return (statement, given) => {
    const values = given as Parameters;
    const { name, text, parameters } = compile(statement, values);
    return { name, text, values: parameters.map((name) => values[name] ?? null) };
  };
}
