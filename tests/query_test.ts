import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import pg from "pg";
import type { Statement } from "../sql/statement.ts";
import { createQueryBuilder } from "../src/database/query.ts";
import type { Query } from "../src/drivers/adapter.ts";
import { createTestDatabase } from "./support/database.ts";
import { loadStatements } from "./support/statements.ts";

function build(
  text: string,
  parameters: Record<string, string | number> = {},
  { schema = "dbos", features = [] as string[] } = {},
): Query {
  const statement = { name: "statement", sql: text, hash: text };
  return createQueryBuilder(schema, new Set(features))(statement, parameters);
}

async function connect(url: string): Promise<pg.Client & AsyncDisposable> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.end() });
}

Deno.test("createQueryBuilder() quotes any schema name", () => {
  for (
    const [schema, quoted] of [
      ["dbos", '"dbos"'],
      ['My "Dbos', '"My ""Dbos"'],
      ["$& :x $1 --", '"$& :x $1 --"'],
    ] as const
  ) {
    const { text, values } = build("select * from :schema.a, :schema.b", {}, { schema });
    assertEquals(text, `select * from ${quoted}.a, ${quoted}.b`);
    assertEquals(values, []);
  }
});

Deno.test("createQueryBuilder() numbers parameters by first use, and keeps casts", () => {
  const { text, values } = build(
    "select :second::text, a::bigint, :first::int + 1, :second::text, '{}'::jsonb",
    { first: 1, second: "two", unused: "three" },
  );
  assertEquals(text, "select $1::text, a::bigint, $2::int + 1, $1::text, '{}'::jsonb");
  assertEquals(values, ["two", 1]);
});

Deno.test("createQueryBuilder() drops the lines of missing features, and their parameters", () => {
  const statement: Statement<Record<string, string>, unknown> = {
    name: "statement",
    hash: "",
    sql: `
      select
        :attributes::text, -- if workflow_status.attributes
        -- if workflow_input
        :inputs::text,
        -- end
        :old::text, -- if not workflow_input
        :always::text`,
  };
  const parameters = { attributes: "a", inputs: "i", old: "o", always: "x" };
  const buildWith = (...features: string[]) =>
    createQueryBuilder("dbos", new Set(features))(statement, parameters);

  const none = buildWith();
  assertEquals(none.text, "select\n$1::text,\n$2::text");
  assertEquals(none.values, ["o", "x"]);

  const table = buildWith("workflow_input");
  assertEquals(table.text, "select\n$1::text,\n$2::text");
  assertEquals(table.values, ["i", "x"]);

  const all = buildWith("workflow_input", "workflow_status.attributes");
  assertEquals(all.text, "select\n$1::text,\n$2::text,\n$3::text");
  assertEquals(all.values, ["a", "i", "x"]);
});

Deno.test("createQueryBuilder() keeps a line with several conditions if all of them hold", () => {
  const statement: Statement<{ owner: number }, unknown> = {
    name: "statement",
    hash: "",
    sql: "select 1\n+ :owner::int -- if workflow_status.owner_xid and not workflow_input",
  };
  for (
    const [features, values] of [
      [[], []],
      [["workflow_input"], []],
      [["workflow_status.owner_xid"], [2]],
      [["workflow_status.owner_xid", "workflow_input"], []],
    ]
  ) {
    const buildQuery = createQueryBuilder("dbos", new Set(features as string[]));
    assertEquals(buildQuery(statement, { owner: 2 }).values, values);
  }
});

Deno.test("createQueryBuilder() keeps the lines of the parameters that are given", () => {
  const buildQuery = createQueryBuilder("dbos", new Set());
  const statement: Statement<{ a?: string | undefined; b: number }, unknown> = {
    name: "statement",
    hash: "",
    sql: `
      select where true
        and a = :a::text
        and a is null -- if not :a
        and b = :b::int`,
  };
  const both = buildQuery(statement, { b: 0, a: "" });
  assertEquals(both.text, "select where true\nand a = $1::text\nand b = $2::int");
  assertEquals(both.values, ["", 0]);
  const one = buildQuery(statement, { a: undefined, b: 1 });
  assertEquals(one.text, "select where true\nand a is null\nand b = $1::int");
  assertEquals(one.values, [1]);
  assertNotEquals(one.name, both.name);
  assertEquals(buildQuery(statement, { b: 2 }).name, one.name);
});

Deno.test("createQueryBuilder() keeps a block if its condition holds, and nests blocks", () => {
  const statement: Statement<{ a?: number }, unknown> = {
    name: "statement",
    hash: "",
    sql: `
      select 1
      -- if streams
      + 2
      -- if not :a
      + 3
      -- end
      + 4
      -- end
      + 5`,
  };
  const textOf = (features: string[], parameters: { a?: number } = {}) =>
    createQueryBuilder("dbos", new Set(features))(statement, parameters).text.split("\n").join(" ");
  assertEquals(textOf([]), "select 1 + 5");
  assertEquals(textOf(["streams"]), "select 1 + 2 + 3 + 4 + 5");
  assertEquals(textOf(["streams"], { a: 1 }), "select 1 + 2 + 4 + 5");
});

Deno.test("createQueryBuilder() writes any quoted schema name as a literal", async () => {
  await using database = await createTestDatabase();
  await using connection = await connect(database.url);
  const names = ["dbos", 'My "Dbos', "it's \\ $& :x $1 --", "schéma"];
  for (const setting of ["on", "off"]) {
    await connection.query(`set standard_conforming_strings = ${setting}`);
    for (const schema of names) {
      const { text } = build("select :'schema' as quoted", {}, { schema });
      const { rows } = await connection.query(text);
      assertEquals(rows, [{ quoted: `"${schema.replaceAll('"', '""')}"` }]);
    }
  }
});

Deno.test("createQueryBuilder() gives each query text a different name", async () => {
  const featureSets = [[], ["workflow_input"], ["workflow_output", "workflow_status.attributes"]];
  const textOfName = new Map<string, string>();
  for (const statement of await loadStatements()) {
    const parameters = Object.fromEntries(
      [...statement.sql.matchAll(/(?<!:):([a-z_]+)/g)].map(([, name]) => [name, 1]),
    );
    for (const schema of ["dbos", 'My "Dbos', "of_twenty4_characters___"]) {
      for (const features of featureSets) {
        const buildQuery = createQueryBuilder(schema, new Set(features));
        const { name, text } = buildQuery(statement, parameters);
        assertEquals(textOfName.get(name) ?? text, text);
        textOfName.set(name, text);
        // The server truncates longer names, which could make two of them equal.
        assert(name.length < 64);
        assertMatch(name, /^dbos_[ -~]+$/);
      }
    }
  }
  assertNotEquals(build("select 1").name, build("select 2").name);
  assertEquals(build("select 1").name, build("select 1").name);
});

Deno.test("createQueryBuilder() names no statement of a schema whose name is too long for that", () => {
  const statement = { name: "list", sql: "select 1", hash: "" };
  for (const schema of ["of_twenty5_characters____", "größe"]) {
    assertEquals(createQueryBuilder(schema, new Set())(statement, {}).name, "");
  }
});

Deno.test("createQueryBuilder() keeps a bounded number of statements", () => {
  const optional = Array.from({ length: 12 }, (_, index) => "abcdefghijkl"[index]!);
  const lines = optional.map((name) => `and ${name} = :${name}`);
  const statement = { name: "list", sql: ["select", ...lines].join("\n"), hash: "" };
  const buildQuery = createQueryBuilder("dbos", new Set());
  const names = new Set<string>();
  const texts = new Set<string>();
  for (let set = 0; set < 2 ** optional.length; set++) {
    const given = Object.fromEntries(
      optional.flatMap((name, index) => set & (1 << index) ? [[name, 1]] : []),
    );
    const { name, text } = buildQuery(statement, given);
    names.add(name);
    texts.add(text);
  }
  assertEquals(texts.size, 4096);
  // The others have no name, and are not prepared.
  assert(names.has("") && names.size <= 501, `${names.size} names`);
  assertNotEquals(buildQuery(statement, {}).name, "");
});
