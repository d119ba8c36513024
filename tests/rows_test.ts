import { assert, assertEquals, assertThrows } from "@std/assert";
import pg from "pg";
import { connect, enqueue, forkWorkflow, getStatus, NonExistentWorkflowError } from "../mod.ts";
import { parseColumns, toRows } from "../src/database/rows.ts";
import { hostileParsers, parsersByID } from "./conformance/hostile_parsers.ts";
import { createTestDatabase } from "./support/database.ts";
import { populate } from "./support/populate.ts";

const columns = parseColumns("id int, name text, is_own boolean");
const row = { id: 7, name: "7", is_own: true };
const bytesOf = (text: string) => new TextEncoder().encode(text);

Deno.test("toRows() converts values by the types of the columns, whatever the driver made of them", () => {
  for (
    const values of [
      [7, "7", true],
      ["7", "7", "t"],
      [7n, 7, 1],
      ["7", 7n, "true"],
      [7, "7", 1n],
      [bytesOf("7"), bytesOf("7"), bytesOf("t")],
      { id: 7, name: "7", is_own: true },
      { ID: 7, x_name: "7", isOwn: "1" },
    ]
  ) assertEquals(toRows(columns, [values]), [row]);
  for (const value of [false, "f", "false", 0, 0n, "0", bytesOf("f")]) {
    assertEquals(toRows(columns, [[7, "7", value]]), [{ ...row, is_own: false }]);
  }
  assertEquals(toRows(columns, [[null, undefined, null], [0, "", 0]]), [
    { id: null, name: null, is_own: null },
    { id: 0, name: "", is_own: false },
  ]);
  const text = "\ufeffü😀\0";
  assertEquals(toRows(columns, [[7, bytesOf(text), 1]])[0]?.name, text);
  assertEquals(toRows(parseColumns(), [[], {}]), [{}, {}]);
});

Deno.test("toRows() returns a bigint as text, whatever the driver made of it", () => {
  const columns = parseColumns("at bigint");
  const at = "-9223372036854775808";
  for (const value of [at, BigInt(at), bytesOf(at), new String(at), { toString: () => at }]) {
    assertEquals(toRows(columns, [[value]]), [{ at }]);
  }
  for (const value of [1700000000000, new Number(1700000000000)]) {
    assertEquals(toRows(columns, [[value]]), [{ at: "1700000000000" }]);
  }
  assertEquals(toRows(columns, [[null]]), [{ at: null }]);
  for (const value of [1.5, NaN, true, new Date(0), {}]) {
    assertThrows(() => toRows(columns, [[value]]), TypeError, "Cannot read the column at");
  }
});

Deno.test("a column whose conditions do not hold is null, and the driver returns none for it", () => {
  const list = "id int if jobs.id, name text, note text if :note and not jobs.id, total int";
  const holds = (condition: string) => condition === "jobs.id" || condition === ":note";
  assertEquals(toRows(parseColumns(list, holds), [["7", "a", 2]]), [
    { id: 7, name: "a", note: null, total: 2 },
  ]);
});

Deno.test("toRows() refuses what it cannot convert, and does not show it", () => {
  const secret = "secret payload";
  for (
    const [values, message] of [
      [
        [secret, "7", true],
        "Cannot read the column id: the driver returned a value of type string",
      ],
      [["", "7", true], "Cannot read the column id"],
      [[7.5, "7", true], "Cannot read the column id"],
      [[7, { secret }, true], "Cannot read the column name"],
      [[7, "7", secret], "Cannot read the column is_own"],
      [[7, "7", { secret }], "Cannot read the column is_own"],
      [[7, secret], "the driver returned 2 values for the columns id, name, is_own"],
      [[7, secret, true, 8], "the driver returned 4 values"],
      [null, "the driver returned 0 values"],
    ] as const
  ) {
    const error = assertThrows(() => toRows(columns, [values]), TypeError, message);
    assert(!error.message.includes(secret));
  }
});

Deno.test("connect() reads rows whatever parsers the program has set for npm:pg", async (test) => {
  await using database = await createTestDatabase();
  await populate(database.url, 0);
  const workflow = { workflowName: "echo", queueName: "idle" };
  for (const [setting, parsers] of Object.entries(hostileParsers)) {
    await test.step(setting, async () => {
      const restore = setParsers(parsersByID(parsers));
      try {
        await using client = await connect(`${database.url}?target_session_attrs=read-write`);
        const { workflowID } = await enqueue(client, { ...workflow, priority: 3 }, { a: "1" });
        const status = await getStatus(client, workflowID);
        assertEquals([status?.priority, status?.input], [3, [{ a: "1" }]]);
        const error = await forkWorkflow(client, "missing", 0).catch((error) => error);
        assert(error instanceof NonExistentWorkflowError);
      } finally {
        restore();
      }
    });
  }
});

/** Sets parsers for all clients of npm:pg; returns a function that sets the previous ones again. */
function setParsers(parsers: ReturnType<typeof parsersByID>): () => void {
  const previous = [...parsers.keys()].map((id) => [id, pg.types.getTypeParser(id)] as const);
  for (const [id, parse] of parsers) pg.types.setTypeParser(id, parse);
  return () => previous.forEach(([id, parse]) => pg.types.setTypeParser(id, parse));
}
