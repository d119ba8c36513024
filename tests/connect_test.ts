import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import pg from "pg";
import { Buffer } from "node:buffer";
import net from "node:net";
import { fileURLToPath } from "node:url";
import {
  type Client,
  connect,
  enqueue,
  getEvent,
  getResult,
  getStatus,
  SystemSchemaNotFoundError,
} from "../mod.ts";
import { createTestDatabase, type TestDatabase } from "./support/database.ts";
import { startWorker } from "./support/start_worker.ts";
import { until } from "./support/until.ts";

function nameOf(database: TestDatabase): string {
  return new URL(database.url).pathname.slice(1);
}

/** The URL with another database or password. */
function changeURL(url: string, { database = "", password = "" }): string {
  const changed = new URL(url);
  if (database) changed.pathname = `/${database}`;
  if (password) changed.password = password;
  return changed.href;
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** The number of other connections to the database. */
async function countConnections(url: string): Promise<number> {
  const [row] = await query(
    url,
    `select count(*)::int as count from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`,
  );
  return Number(row?.count);
}

/** Waits until no connection is left: the server ends a session shortly after its connection. */
async function untilDisconnected(url: string): Promise<void> {
  await until(async () => await countConnections(url) === 0);
}

/**
 * The error of `connect()` in a new process with these environment variables. Other tests share the
 * environment of this process.
 */
async function getConnectError(
  env: Record<string, string>,
  options: { url?: string; systemDatabase?: string } = {},
): Promise<string> {
  const script = `
    import { connect } from ${JSON.stringify(new URL("../mod.ts", import.meta.url).href)};
    const { url, ...options } = ${JSON.stringify(options)};
    await connect(url, options).catch((error) => console.log(String(error)));
  `;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", `--config=${fileURLToPath(new URL("../deno.json", import.meta.url))}`, script],
    env: { DBOS_SYSTEM_DATABASE_URL: "", DBOS_DATABASE_URL: "", ...env },
  }).output();
  const decoder = new TextDecoder();
  return decoder.decode(stdout).trim() || decoder.decode(stderr);
}

Deno.test("connect() takes the URL from its argument or the environment", async (test) => {
  await using database = await createTestDatabase();
  const { url } = database;
  const other = changeURL(url, { database: "missing_other" });
  const expected = `SystemSchemaNotFoundError: Cannot find the DBOS system tables: database ${
    nameOf(database)
  } has no`;

  await test.step("the url argument takes precedence over the environment", async () => {
    const env = { DBOS_SYSTEM_DATABASE_URL: other, DBOS_DATABASE_URL: other };
    assertStringIncludes(await getConnectError(env, { url }), expected);
  });
  await test.step("DBOS_SYSTEM_DATABASE_URL takes precedence over DBOS_DATABASE_URL", async () => {
    const env = { DBOS_SYSTEM_DATABASE_URL: url, DBOS_DATABASE_URL: other };
    assertStringIncludes(await getConnectError(env), expected);
  });
  await test.step("the system database of DBOS_DATABASE_URL has the suffix _dbos_sys", async () => {
    const message = await getConnectError({ DBOS_DATABASE_URL: other });
    assertStringIncludes(message, 'database "missing_other_dbos_sys" does not exist');
  });
  await test.step("systemDatabase replaces the database name of any URL", async () => {
    const systemDatabase = nameOf(database);
    for (
      const [env, options] of [
        [{}, { url: other, systemDatabase }],
        [{ DBOS_SYSTEM_DATABASE_URL: other }, { systemDatabase }],
        [{ DBOS_DATABASE_URL: other }, { systemDatabase }],
      ] as const
    ) assertStringIncludes(await getConnectError(env, options), expected);
  });
  await test.step("variables of platforms are used only if the caller asks for them", async () => {
    const { hostname, port, username } = new URL(url);
    const env = {
      DATABASE_URL: url,
      PGHOST: hostname,
      PGPORT: port,
      PGUSER: username,
      PGDATABASE: nameOf(database),
    };
    assertStringIncludes(await getConnectError(env), "missing URL");
    assertStringIncludes(await getConnectError(env, { url: "postgres://" }), expected);
  });
  await test.step("the error for a missing URL says how to set one", async () => {
    assertEquals(
      await getConnectError({}),
      "TypeError: Cannot connect to the system database: missing URL. Pass one, or set " +
        "DBOS_SYSTEM_DATABASE_URL or DBOS_DATABASE_URL",
    );
  });
  await test.step("the error for an invalid URL names the environment variable", async () => {
    for (const name of ["DBOS_SYSTEM_DATABASE_URL", "DBOS_DATABASE_URL"]) {
      assertEquals(
        await getConnectError({ [name]: "mysql://user:secret@host/db" }),
        `TypeError: Cannot connect to the system database: ${name} is not a Postgres URL`,
      );
    }
  });
});

Deno.test("connect() needs no more permissions of Deno than its documentation says", async () => {
  await using database = await createTestDatabase();
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      script,
      `import { connect } from ${JSON.stringify(new URL("../mod.ts", import.meta.url).href)};
      await connect(Deno.args[0]).catch((error) => console.log(String(error)));`,
    );
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-prompt", "--no-lock"],
        `--config=${fileURLToPath(new URL("../deno.json", import.meta.url))}`,
        `--allow-net=${new URL(database.url).host}`,
        "--allow-env=PGBINARY,PGOPTIONS,PGREPLICATION",
        ...[script, database.url],
      ],
    }).output();
    const [output, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assertStringIncludes(output!, "SystemSchemaNotFoundError", errors);
  } finally {
    await Deno.remove(script);
  }
});

/** Counts, on each connection through a proxy, the statements that have no answer yet. */
async function startStatementCounter(url: string) {
  const { hostname, port } = new URL(url);
  let most = 0;
  let connections = 0;
  const proxy = net.createServer((client) => {
    const server = net.connect(Number(port), hostname);
    connections++;
    let pending = 0;
    let isStarted = false;
    // Query and Sync end what the client says, ReadyForQuery the answer.
    readMessages(client, (type) => {
      if (type !== "Q" && type !== "S") return;
      most = Math.max(most, ++pending);
    });
    readMessages(server, (type) => {
      if (type !== "Z") return;
      // The first one ends the start of the session.
      if (isStarted) pending--;
      isStarted = true;
    });
    client.pipe(server).pipe(client);
    for (const socket of [client, server]) socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const proxied = new URL(url);
  proxied.host = `127.0.0.1:${(proxy.address() as net.AddressInfo).port}`;
  return {
    url: `${proxied.href}?sslmode=disable`,
    counts: () => ({ most, connections }),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => proxy.close(() => resolve())),
  };
}

/** Calls with the type of each message, but for the first of a client, which has none. */
function readMessages(socket: net.Socket, onMessage: (type: string) => void): void {
  let buffer = Buffer.alloc(0);
  socket.on("data", (part) => {
    buffer = Buffer.concat([buffer, part as Uint8Array]);
    while (buffer.length >= 5) {
      const hasType = buffer[0] !== 0;
      const length = hasType ? 1 + buffer.readUInt32BE(1) : buffer.readUInt32BE(0);
      if (buffer.length < length) break;
      if (hasType) onMessage(String.fromCharCode(buffer[0]!));
      buffer = buffer.subarray(length);
    }
  });
}

Deno.test("connect() sends one statement at a time on a connection", async () => {
  await using database = await createTestDatabase();
  await using _worker = await startWorker({ systemDatabaseUrl: database.url });
  await using counter = await startStatementCounter(database.url);
  await using client = await connect(counter.url, { maxConnections: 3, listen: false });
  const numbers = Array.from({ length: 200 }, (_, number) => number);
  await Promise.all(numbers.map((number) => getStatus(client, String(number))));
  assertEquals(counter.counts(), { most: 1, connections: 3 });
});

Deno.test("connect() uses the first of several hosts that accepts a connection", async () => {
  await using database = await createTestDatabase();
  const { hostname, port } = new URL(database.url);
  const url = database.url.replace(`${hostname}:${port}`, `127.0.0.1:1,${hostname}:${port}`);
  assert(url !== database.url);
  const error = await assertRejects(() => connect(url), SystemSchemaNotFoundError);
  assertEquals(error.database, nameOf(database));
});

Deno.test("connect() throws if the schema is missing, and creates nothing", async () => {
  await using database = await createTestDatabase();
  const listAll = `
    select nspname, relname, relkind from pg_namespace as n
    left join pg_class as c on c.relnamespace = n.oid and nspname <> 'pg_toast'
    where nspname !~ '^pg_(toast_)?temp' order by 1, 2, 3`;
  const before = await query(database.url, listAll);
  for (const schema of ["dbos", 'My "Dbos']) {
    const error = await assertRejects(
      () => connect(database.url, { schema }),
      SystemSchemaNotFoundError,
      `Cannot find the DBOS system tables: database ${nameOf(database)} has no table ` +
        `workflow_status in schema ${schema}. Connect to the system database`,
    );
    assertEquals([error.database, error.schema], [nameOf(database), schema]);
  }
  await untilDisconnected(database.url);
  assertEquals(await query(database.url, listAll), before);
});

Deno.test("errors of connect() contain neither the password nor the URL", async () => {
  await using database = await createTestDatabase();
  const password = "s3cret-word";
  const secret = changeURL(database.url, { password });
  for (
    const url of [
      secret,
      changeURL(secret, { database: "missing" }),
      secret.replace(/:\d+\//, ":1/"),
      secret.replace("postgres:", "mysql:"),
      `no URL ${password}`,
    ]
  ) {
    const error = await assertRejects(() => connect(url));
    assertInstanceOf(error, Error);
    // Includes hidden properties and causes.
    const shown = Deno.inspect(error, { showHidden: true, depth: 20, strAbbreviateSize: 1e6 });
    for (const text of [String(error), error.stack ?? "", shown]) {
      assert(!text.includes(password), `the password is in ${error}`);
      assert(!text.includes(url), `the URL is in ${error}`);
    }
  }
});

Deno.test("close() and `await using` close all connections and end all waits", async () => {
  await using database = await createTestDatabase();
  const workflowID = "closed";
  {
    // Creates the tables. It is stopped because its connections would be counted.
    await using _worker = await startWorker({ systemDatabaseUrl: database.url });
  }
  await untilDisconnected(database.url);

  let client: Client;
  {
    await using used = await connect(database.url, { maxConnections: 3 });
    client = used;
    const task = { workflowName: "echo", queueName: "idle", workflowID };
    await Promise.all([enqueue(used, task), getStatus(used, "a"), getStatus(used, "b")]);
    const connections = await countConnections(database.url);
    assert(connections > 0 && connections <= 3);
  }
  await untilDisconnected(database.url);
  await client.close();

  client = await connect(database.url);
  const waits = [
    getResult(client, workflowID),
    getResult(client, workflowID, { timeoutSeconds: 60, signal: new AbortController().signal }),
    getEvent(client, workflowID, "key"),
  ];
  const outcomes = Promise.allSettled(waits);
  await getEvent(client, workflowID, "key", 0);
  await Promise.all([client.close(), client.close()]);
  for (const outcome of await outcomes) {
    assert(outcome.status === "rejected");
    assertStringIncludes(String(outcome.reason), "the client was closed");
  }
  await assertRejects(() => getResult(client, workflowID), Error, "the client was closed");
  await untilDisconnected(database.url);
});
