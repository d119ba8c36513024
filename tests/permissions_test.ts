/** Tests the permissions that docs/deploying.md lists for each driver on Deno. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { createTestDatabase } from "./support/database.ts";
import { skipReason } from "./support/db_postgres.ts";
import { startNeonProxy } from "./support/neon_proxy.ts";
import { testFlags } from "./support/run_example.ts";
import { startWorker } from "./support/start_worker.ts";

const libraryUrl = new URL("../mod.ts", import.meta.url).href;
const guide = new URL("../docs/deploying.md", import.meta.url);
const neonProxyUrl = new URL("support/use_neon_proxy.ts", import.meta.url).href;

/** Code that opens and closes each driver of the table; `url` is that of the system database. */
const drivers: Record<string, { open: string; close: string }> = {
  "connect()": {
    open: "const client = await library.connect();",
    close: "await client.close();",
  },
  "connect(url)": {
    open: "const client = await library.connect(url);",
    close: "await client.close();",
  },
  "npm:pg": {
    open: `const { default: pg } = await import("pg");
      const pool = new pg.Pool({ connectionString: url });
      const client = library.createClient(pool, { listen: true });`,
    close: "await client.close(); await pool.end();",
  },
  "npm:postgres": {
    open: `const { default: postgres } = await import("postgres");
      const sql = postgres(url);
      const client = library.createClient(sql, { listen: true });`,
    close: "await client.close(); await sql.end();",
  },
  "jsr:@db/postgres": {
    open: `const { Client } = await import("@db/postgres");
      const client = new Client(url);
      await client.connect();`,
    close: "await client.end();",
  },
};

const useClient = `
  const task = { workflowName: "processTask", queueName: "tasks" };
  const handle = await library.enqueue(client, task, { id: 7 });
  await library.getEvent(client, handle.workflowID, "progress");
  await handle.getResult();`;

const neonDriver = {
  open: `const { neon, neonConfig } = await import("@neondatabase/serverless");
    const { useNeonProxy } = await import(${JSON.stringify(neonProxyUrl)});
    useNeonProxy(neonConfig);
    const client = neon(url);`,
  close: "",
};

const httpDriver = {
  open: `
    const endpoint = "http://" + new URL(url).host + "/sql";
    const headers = { "Neon-Connection-String": url };
    async function query(query, params) {
      const body = JSON.stringify({ query, params });
      const response = await fetch(endpoint, { method: "POST", headers, body });
      const answer = await response.json();
      if (!response.ok) throw Object.assign(new Error(answer.message), answer);
      return answer.rows;
    }
    const client = library.createClient({ query, transactionStatus: () => "none" });`,
  close: "await client.close();",
};

// A database in memory has no worker.
const usePGlite = `
  const { PGlite } = await import("@electric-sql/pglite");
  const client = new PGlite();
  // On a slow machine it takes longer to start than a statement may.
  await client.waitReady;
  const found = await library.describeSystemDatabase(client).catch((error) => error);
  if (!(found instanceof library.SystemSchemaNotFoundError)) throw found;
  await client.close();`;

const head = `import * as library from ${JSON.stringify(libraryUrl)};\nconst [url] = Deno.args;\n`;

function toProgram({ open, close }: { open: string; close: string }): string {
  return `${head}${open}\n${useClient}\n${close}`;
}

function programFor(driver: string): string {
  return driver === "PGlite in memory" ? head + usePGlite : toProgram(drivers[driver]!);
}

/** The rows of the table: the driver, and the flags. */
async function readTable(): Promise<[driver: string, flags: string[]][]> {
  const text = await Deno.readTextFile(guide);
  const [table = ""] = text.match(/^\| Driver +\| Flags .*\n(?:\|.*\n)+/m) ?? [];
  return table.trimEnd().split("\n").slice(2).map((line) => {
    const [driver = "", flags = ""] = line.split("|").slice(1, -1)
      .map((cell) => cell.replaceAll("`", "").trim());
    return [driver, flags.split(" ")];
  });
}

Deno.test("each driver needs exactly the permissions that the guide lists", async (test) => {
  await using database = await createTestDatabase();
  await using _worker = await startWorker({ systemDatabaseUrl: database.url });
  const directory = await Deno.makeTempDir();
  const file = `${directory}/program.ts`;

  async function run(
    flags: readonly string[],
    url = database.url,
  ): Promise<{ success: boolean; stderr: string }> {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-check", ...testFlags, ...flags, file, url],
      env: { DBOS_SYSTEM_DATABASE_URL: database.url },
      stdout: "null",
    }).output();
    return { success, stderr: new TextDecoder().decode(stderr) };
  }

  try {
    const rows = await readTable();
    assertGreater(rows.length, 5);
    for (const [driver, listed] of rows) {
      await test.step({
        name: `${driver}: ${listed.join(" ")}`,
        ignore: skipReason !== undefined && driver.includes("@db/postgres"),
        async fn() {
          const flags = listed.map((flag) =>
            flag.replace("127.0.0.1:5432", new URL(database.url).host)
          );
          await Deno.writeTextFile(file, programFor(driver));
          const { success, stderr } = await run(flags);
          assert(success, stderr);
          for (const flag of flags) {
            const others = flags.filter((other) => other !== flag);
            assertEquals((await run(others)).success, false, `it runs without ${flag}`);
          }
        },
      });
    }
    await using proxy = await startNeonProxy(database.url);
    const net = `--allow-net=${new URL(proxy.url).host}`;
    await test.step("a driver over HTTP: --allow-net for its endpoint", async () => {
      await Deno.writeTextFile(file, toProgram(httpDriver));
      const { success, stderr } = await run([net], proxy.url);
      assert(success, stderr);
      assertEquals((await run([], proxy.url)).success, false, "it runs without permissions");
    });
    await test.step("neon() also reads variables", async () => {
      const env = /--allow-env=[\w,*]*NODE[\w,*]*/.exec(await Deno.readTextFile(guide))![0];
      await Deno.writeTextFile(file, toProgram(neonDriver));
      const { success, stderr } = await run([net, env], proxy.url);
      assert(success, stderr);
      assertEquals((await run([net], proxy.url)).success, false, `it runs without ${env}`);
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
