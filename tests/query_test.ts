import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import * as statements from "../sql/mod.ts";
import { createQueryBuilder, type Query } from "../src/database/query.ts";

function build(
  text: string,
  parameters: Record<string, string | number> = {},
  { schema = "dbos", features = [] as string[] } = {},
): Query {
  return createQueryBuilder(schema, new Set(features))({ name: "statement", text }, parameters);
}

Deno.test("createQueryBuilder() quotes the schema, whatever its name", () => {
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

Deno.test("createQueryBuilder() numbers parameters by their first use and leaves casts alone", () => {
  const { text, values } = build(
    "select :second::text, a::bigint, :first::int + 1, :second::text, '{}'::jsonb",
    { first: 1, second: "two", unused: "three" },
  );
  assertEquals(text, "select $1::text, a::bigint, $2::int + 1, $1::text, '{}'::jsonb");
  assertEquals(values, ["two", 1]);
});

Deno.test("createQueryBuilder() drops the lines of absent features, and their parameters", () => {
  const text = [
    "select",
    "  :attributes::text, -- workflow_status.attributes",
    "  :inputs::text, -- workflow_input",
    "  :old::text, -- not workflow_input",
    "  :always::text -- workflow_status.attributes and more is a comment",
  ].join("\n");
  const parameters = { attributes: "a", inputs: "i", old: "o", always: "x" };
  const always = "always::text -- workflow_status.attributes and more is a comment";

  const none = build(text, parameters);
  assertEquals(none.text, `select\n  $1::text,\n  ${always.replace("always", "$2")}`);
  assertEquals(none.values, ["o", "x"]);

  const table = build(text, parameters, { features: ["workflow_input"] });
  assertEquals(table.text, `select\n  $1::text,\n  ${always.replace("always", "$2")}`);
  assertEquals(table.values, ["i", "x"]);

  const all = build(text, parameters, {
    features: ["workflow_input", "workflow_status.attributes"],
  });
  assertEquals(all.text, `select\n  $1::text,\n  $2::text,\n  ${always.replace("always", "$3")}`);
  assertEquals(all.values, ["a", "i", "x"]);
});

Deno.test("createQueryBuilder() keeps a line of several conditions where all hold", () => {
  const text = "select 1\n  + :owner::int -- workflow_status.owner_xid, not workflow_input";
  for (
    const [features, values] of [
      [[], []],
      [["workflow_input"], []],
      [["workflow_status.owner_xid"], [2]],
      [["workflow_status.owner_xid", "workflow_input"], []],
    ]
  ) {
    assertEquals(build(text, { owner: 2 }, { features: features as string[] }).values, values);
  }
});

Deno.test("createQueryBuilder() keeps the lines of the parameters that are given", () => {
  const buildQuery = createQueryBuilder("dbos", new Set());
  const statement = {
    name: "statement",
    text: [
      "select where true",
      "  and a = :a::text -- :a",
      "  and a is null -- not :a",
      "  and b = :b::int -- :b",
    ].join("\n"),
  };
  const both = buildQuery(statement, { b: 0, a: "" });
  assertEquals(both.text, "select where true\n  and a = $1::text\n  and b = $2::int");
  assertEquals(both.values, ["", 0]);
  const one = buildQuery(statement, { a: undefined, b: 1 });
  assertEquals(one.text, "select where true\n  and a is null\n  and b = $1::int");
  assertEquals(one.values, [1]);
  assertNotEquals(one.name, both.name);
  assertEquals(buildQuery(statement, { b: 2 }).name, one.name);
});

Deno.test("createQueryBuilder() gives queries of different texts different names", () => {
  const featureSets = [[], ["workflow_input"], ["workflow_output", "workflow_status.attributes"]];
  const textOfName = new Map<string, string>();
  for (const statement of Object.values(statements)) {
    for (const schema of ["dbos", 'My "Dbos', "a_schema_with_quite_a_long_name_but_not_too_long"]) {
      for (const features of featureSets) {
        const buildQuery = createQueryBuilder(schema, new Set(features));
        const { name, text } = buildQuery(statement as statements.Statement<object, unknown>, {});
        assertEquals(textOfName.get(name) ?? text, text);
        textOfName.set(name, text);
        // The server cuts longer names, and would take two for one.
        assert(name.length < 64);
        assertMatch(name, /^dbos_[a-z0-9_]+$/);
      }
    }
  }
  assertEquals(new Set(textOfName.values()).size, textOfName.size);
  assertNotEquals(build("select 1").name, build("select 2").name);
  assertEquals(build("select 1").name, build("select 1").name);
});
