import pg from "pg";

export interface TestDatabase extends AsyncDisposable {
  url: string;
}

/**
 * Creates a database on the test server, dropped with whoever is connected to it. It is empty, or a
 * copy of a database that nobody is connected to. `options` are those of `create database`.
 */
export async function createTestDatabase(
  template?: TestDatabase,
  options = "",
): Promise<TestDatabase> {
  const serverUrl = Deno.env.get("DBOS_TEST_DATABASE_URL");
  if (!serverUrl) {
    throw new Error(
      "Cannot create a test database: DBOS_TEST_DATABASE_URL is unset; run `deno task test`",
    );
  }
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  const source = template ? `template ${new URL(template.url).pathname.slice(1)}` : "";
  await execute(serverUrl, `create database ${name} ${source} ${options}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    // Lets connections that are just closing go by themselves: npm:pg takes their end ill.
    async [Symbol.asyncDispose]() {
      const drop = `drop database ${name}`;
      await execute(serverUrl, drop).catch(() => execute(serverUrl, `${drop} with (force)`));
    },
  };
}

/** Runs one statement on a connection of its own. */
export async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
