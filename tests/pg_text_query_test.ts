import { assert, assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import type { Value } from "../src/drivers/adapter.ts";
import { adaptDriver } from "../src/drivers/mod.ts";
import { createTestDatabase, execute } from "./support/database.ts";

interface PgClient {
  readonly connection: {
    readonly stream: {
      on(event: "data", listener: (packet: Uint8Array) => void): void;
      pause(): unknown;
    };
    bind(message: object): void;
  };
  query(query: object): unknown;
}

interface OpenStatement extends PgClient {
  readonly url: string;
  /** Runs the statement, which is prepared. */
  run(...values: Value[]): Promise<readonly object[]>;
}

/** Opens a client of npm:pg for one statement. */
async function openStatement(
  text: string,
  resources: AsyncDisposableStack,
  options: { binary?: boolean } = {},
): Promise<OpenStatement> {
  const database = resources.use(await createTestDatabase());
  const client = new pg.Client({ connectionString: database.url, ...options });
  // Without a listener, the loss of its connection would be an uncaught error.
  client.on("error", () => {});
  await client.connect();
  resources.defer(() => client.end());
  const executor = await adaptDriver(client, { prepare: true }).load();
  return Object.assign(client as unknown as PgClient, {
    url: database.url,
    run: (...values: Value[]) =>
      executor.query({ name: "dbos_test", text, values }, { isNeeded: () => true }),
  });
}

Deno.test("a client of npm:pg that asks for binary values returns texts too", async () => {
  await using resources = new AsyncDisposableStack();
  const text = "select $1::int, $2::boolean, now() > $3";
  const { run } = await openStatement(text, resources, { binary: true });
  assertEquals(await run(7, false, "2020-01-01"), [["7", "f", "t"]]);
});

Deno.test("a statement of npm:pg that fails stays prepared", async () => {
  await using resources = new AsyncDisposableStack();
  const { run } = await openStatement("select 6 / $1::int", resources);
  await assertRejects(() => run(0), Error, "division by zero");
  assertEquals(await run(2), [["3"]]);
  assertEquals(await run(3), [["2"]]);
});

Deno.test("a client of npm:pg goes on after values that it cannot send", async () => {
  await using resources = new AsyncDisposableStack();
  const { run, connection } = await openStatement("select $1::int", resources);
  const { bind } = connection;
  function refuse(): never {
    // As it does if there is not enough memory for them.
    throw new RangeError("Array buffer allocation failed");
  }
  for (const value of [1, 2]) {
    connection.bind = refuse;
    await assertRejects(() => run(value), RangeError, "allocation failed");
    connection.bind = bind;
    assertEquals(await run(value), [[String(value)]]);
  }
});

Deno.test("the event loop runs while a client of npm:pg reads many rows", async () => {
  await using resources = new AsyncDisposableStack();
  const text = "select lpad(i::text, 100) from generate_series(1, $1::int) as i";
  const { run, connection } = await openStatement(text, resources);
  let bytes = 0;
  let maxBytes = 0;
  connection.stream.on("data", ({ length }) => maxBytes = Math.max(maxBytes, bytes += length));
  let next = setImmediate(countTurn);
  function countTurn() {
    bytes = 0;
    next = setImmediate(countTurn);
  }
  const rows = await run(100_000) as string[][];
  clearImmediate(next);
  assertEquals(rows.length, 100_000);
  assert(rows.every(([text], index) => Number(text) === index + 1));
  // A slice of a thousand rows has 111 KB, and the rest of a packet at most 64 KB.
  assert(maxBytes < 200_000, `${maxBytes} bytes in one turn`);
});

Deno.test("a client of npm:pg that reads many rows notices that its session is ended", async () => {
  await using resources = new AsyncDisposableStack();
  const text = "select pg_backend_pid(), i from generate_series(1, $1::int) as i";
  const { run, url, connection } = await openStatement(text, resources);
  const [row] = await run(1) as string[][];
  const { stream } = connection;
  const pause = stream.pause.bind(stream);
  let ending: Promise<void> | undefined;
  stream.pause = () => {
    ending ??= execute(url, `select pg_terminate_backend(${row![0]})`);
    return pause();
  };
  await assertRejects(() => run(10_000_000), Error, "terminat");
  await ending;
});

// What instrumentations of npm:pg may pass to the client.
const wrappers: Record<string, (query: object) => object> = {
  copy: (query) => ({ ...query }),
  proxy: (query) => new Proxy(query, {}),
  "derived object": (query) => Object.create(query),
};

for (const [name, wrap] of Object.entries(wrappers)) {
  Deno.test(`a client of npm:pg that gets a ${name} of a query returns texts too`, async () => {
    await using resources = new AsyncDisposableStack();
    // So many that the event loop runs while they are read.
    const count = 3000;
    const text = `select 6 / $1::int from generate_series(1, ${count})`;
    const client = await openStatement(text, resources);
    const query = client.query.bind(client);
    client.query = async (given) => {
      await query(wrap(given));
    };
    assertEquals(await client.run(2), Array(count).fill(["3"]));
    await assertRejects(() => client.run(0), Error, "division by zero");
    assertEquals(await client.run(3), Array(count).fill(["2"]));
  });
}

// As Datadog's does, so that the server's log leads to a trace.
const rewriters: Record<string, (query: { text: string }, text: string) => object> = {
  sets: (query, text) => Object.assign(query, { text }),
  defines: (query, text) => Object.defineProperty(query, "text", { get: () => text }),
  derives: (query, text) => Object.create(query, { text: { value: text, enumerable: true } }),
};

for (const [verb, rewrite] of Object.entries(rewriters)) {
  Deno.test(`an instrumentation that ${verb} the text of a query reaches the server`, async () => {
    await using database = await createTestDatabase();
    const pool = new pg.Pool({ connectionString: database.url, max: 1 });
    const client = await pool.connect();
    const query = client.query.bind(client) as (given: object) => unknown;
    client.query = ((given: { text: string }) =>
      query(rewrite(given, `/* traced */ ${given.text}`))) as typeof client.query;
    client.release();
    const executor = await adaptDriver(pool, { prepare: true }).load();
    const attempt = {
      isNeeded: () =>
        true,
    };
    const text = "select current_query()";
    const last = { name: "", text, values: [] };
    const first = { ...last, text: "select 1" };
    for (let call = 0; call < 3; call++) {
      const rows = await executor.query(last, attempt);
      assertEquals(rows, [[`/* traced */ ${text}`]]);
      const several = await executor.queryInOneMessage!([first, last], attempt);
      assertEquals(several, [[`/* traced */ select 1;\n${text}`]]);
    }
    await pool.end();
  });
}
