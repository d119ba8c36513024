/** Compiles the statements of sql/ to what a driver takes. */

import type { Statement } from "../../sql/statement.ts";
import type { Query, Value } from "../drivers/adapter.ts";
import { quoteIdentifier, toLiteral } from "../drivers/quoting.ts";
import { type Columns, parseColumns } from "./rows.ts";

/** A query, and the columns that it returns. */
export interface CompiledQuery extends Query {
  readonly columns: Columns;
}

/** Makes a query of a statement. */
export type QueryBuilder = <Parameters extends object, Row>(
  statement: Statement<Parameters, Row>,
  given: Parameters,
) => CompiledQuery;

/** The tables (`workflow_input`) and columns (`workflow_status.attributes`) that a schema has. */
export type Features = ReadonlySet<string>;

type Parameters = Readonly<Record<string, Value | undefined>>;

// Most programs use some dozens. A program that passes on the filters of its users could use thousands,
// and a server keeps each of them on each connection.
const maxCompiled = 500;

// The server would cut longer names of prepared statements.
const maxNameLength = 63;
// A schema whose name is part of these. Of other schemas, which are rare, no statement is prepared.
const nameableSchema = /^[ -~]{1,24}$/;

interface CompiledStatement {
  readonly name: string;
  readonly text: string;
  readonly parameters: readonly string[];
  readonly columns: Columns;
}

/** What a statement was compiled to. */
interface Variants {
  /** The parameters of the statement. */
  readonly parameters: readonly string[];
  /** By which of the parameters were given. */
  readonly byGiven: Map<number, CompiledStatement>;
}

/** Remembers which conditions hold. */
interface Conditions {
  holds(condition: string): boolean;
  /** Tells those that held from those that did not. */
  toText(): string;
}

function createConditions(
  features: Features,
  isGiven: (parameter: string) => boolean,
): Conditions {
  const outcomes = new Map<string, boolean>();
  function holds(condition: string): boolean {
    if (condition.startsWith("not ")) return !holds(condition.slice(4));
    let outcome = outcomes.get(condition);
    if (outcome === undefined) {
      outcome = condition.startsWith(":") ? isGiven(condition.slice(1)) : features.has(condition);
      outcomes.set(condition, outcome);
    }
    return outcome;
  }
  function toText(): string {
    const bits = [...outcomes.values()].reduce((bits, outcome) => 2n * bits + BigInt(outcome), 1n);
    return bits.toString(36);
  }
  return { holds, toText };
}

/** The SQL of a statement without the lines whose conditions do not hold. */
function selectLines(sql: string, holds: (condition: string) => boolean): string {
  const blocks = [true];
  const selected: string[] = [];
  for (const line of sql.split("\n")) {
    const [code, directive] = line.trim().split(/ ?-- /) as [string, string?];
    const conditions = directive?.startsWith("if ") ? directive.slice(3).split(" and ") : [];
    // A line needs the parameters that it uses.
    if (code.includes(":")) conditions.push(...code.match(/(?<!:):(?!schema\b)[a-z_]+/g) ?? []);
    const isSelected = blocks.at(-1)! && conditions.every(holds);
    if (code && isSelected) selected.push(code);
    else if (directive === "end") blocks.pop();
    else if (!code && directive) blocks.push(isSelected);
  }
  return selected.join("\n");
}

const parameterPattern = /(?<!:):('?)([a-z_]+)\1/g;

function findParameters(sql: string): string[] {
  return [...new Set([...sql.matchAll(parameterPattern)].map((match) => match[2]!))];
}

function numberParameters(text: string, schema: string): { text: string; parameters: string[] } {
  const identifier = quoteIdentifier(schema);
  const parameters: string[] = [];
  const numbered = text.replace(parameterPattern, (_, quote: string, name: string) => {
    if (name === "schema") return quote ? toLiteral(identifier) : identifier;
    if (!parameters.includes(name)) parameters.push(name);
    return `$${parameters.indexOf(name) + 1}`;
  });
  return { text: numbered, parameters };
}

/**
 * A function that makes queries for one schema with one set of features. It compiles a statement
 * once for each set of parameters that are given, as long as these are not too many: further ones are
 * compiled each time, and are not to be prepared.
 */
export function createQueryBuilder(schema: string, features: Features): QueryBuilder {
  const compiled = new Map<Statement<object, unknown>, Variants>();
  let count = 0;
  const isNameable = nameableSchema.test(schema);

  /**
   * Different texts get different names, also on the connections that poolers share among processes: a
   * name ends with all that a text is made of. It begins with the name of the statement, which is cut
   * if the whole would be too long.
   */
  function compile(statement: Statement<object, unknown>, given: Parameters): CompiledStatement {
    const { holds, toText } = createConditions(features, (name) => given[name] !== undefined);
    const text = selectLines(statement.sql, holds);
    const id = `_${statement.hash}_${toText()}_${schema}`;
    const name = isNameable
      ? `dbos_${statement.name}`.slice(0, maxNameLength - id.length) + id
      : "";
    const columns = parseColumns(statement.columns, holds);
    return { name, ...numberParameters(text, schema), columns };
  }

  return (statement, given) => {
    const values = given as Parameters;
    let variants = compiled.get(statement);
    if (!variants) {
      variants = { parameters: findParameters(statement.sql), byGiven: new Map() };
      compiled.set(statement, variants);
    }
    // A bit for each parameter, in a number that is exact.
    let key = 0;
    for (const name of variants.parameters) key = 2 * key + (values[name] === undefined ? 0 : 1);
    let entry = variants.byGiven.get(key);
    if (!entry) {
      entry = compile(statement, values);
      if (count < maxCompiled) variants.byGiven.set(key, entry);
      else entry = { ...entry, name: "" };
      count++;
    }
    const { name, text, parameters, columns } = entry;
    return { name, text, values: parameters.map((name) => values[name] ?? null), columns };
  };
}
