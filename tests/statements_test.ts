import { assert, assertEquals } from "@std/assert";
import pg from "pg";
import { fileURLToPath } from "node:url";
import type { Statement } from "../sql/statement.ts";
import { systemDatabaseOf } from "../src/client/client.ts";
import { createQueryBuilder } from "../src/database/query.ts";
import { createClient, enqueue, getEvent, getStatus, send } from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate, newestVersion, oldestVersion } from "./support/migrate.ts";
import { loadStatements, statementFolders } from "./support/statements.ts";

/** The header of a file of sql/. */
interface Header {
  name: string;
  parameters: Column[];
  row: Column[];
}

interface Column {
  name: string;
  type: string;
  isOptional: boolean;
}

interface File {
  path: string;
  source: string;
  header: Header;
  /** The tables and columns that it always needs. */
  needs: string[];
  /** The tables and columns that its conditions name. */
  features: string[];
}

const typeIDs: Record<string, number> = { text: 25, int: 23, bigint: 20, boolean: 16 };
// The test worker has them: they create tables, or run only on tables that it has created.
const isForNewestSchema = ({ path }: File) => path.includes("/sql/testing/");
const isDefinition = (sql: string) => /^\s*create /m.test(sql);

const statements = await loadStatements();
const files = statementFolders.flatMap((folder) =>
  [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".sql"))
    .map(({ name }) => readFile(fileURLToPath(new URL(name, folder))))
).filter(({ source }) => !isDefinition(source));
const allFeatures = [...new Set(files.flatMap(({ features }) => features))];

function parseColumns(list: string): Column[] {
  return [...list.matchAll(/([a-z_]+)(\??) ([a-z]+)\??/g)].map(([, name, mark, type]) => ({
    name: name!,
    type: type!,
    isOptional: mark === "?",
  }));
}

/** The lines of a source whose conditions hold, if all parameters are given. */
function selectLines(source: string, holds: (feature: string) => boolean): string[] {
  const isTrue = (condition: string): boolean =>
    condition.startsWith("not ")
      ? !isTrue(condition.slice(4))
      : condition.startsWith(":") || holds(condition);
  const open: boolean[] = [];
  return source.split("\n").flatMap((line) => {
    const [, code, conditions] = /^(.*?) ?-- if (.*)$/.exec(line) ?? [, line];
    if (line.trim() === "-- end") open.pop();
    if (line.startsWith("--") || line.trim() === "-- end") return [];
    const isKept = conditions?.split(" and ").every(isTrue) ?? true;
    if (code!.trim() === "") open.push(isKept);
    return code!.trim() && isKept && !open.includes(false) ? [code!] : [];
  });
}

function readFile(path: string): File {
  const source = Deno.readTextFileSync(path);
  const [, name, parameters] = /^-- ([a-z_]+)\(([^)]*)\)/.exec(source)!;
  const rows = [...source.matchAll(/^-- row: (.*)$/gm)].map(([, row]) => row).join(" ");
  const features = [...source.matchAll(/-- if (.*)$/gm)]
    .flatMap((match) => match[1]!.split(" and ").map((condition) => condition.replace("not ", "")))
    .filter((condition) => !condition.startsWith(":"));
  const unconditional = selectLines(source, () => false).join("\n")
    .matchAll(/:schema\.([a-z_]+)/g);
  const needs = [...source.matchAll(/^-- needs (.*)$/gm)].map(([, needs]) => needs).join(" ");
  const needed = needs.split(" for ")[0]!.split(", ").filter(Boolean);
  return {
    path,
    source,
    needs: [...needed, ...[...unconditional].map((match) => match[1]!)],
    header: { name: name!, parameters: parseColumns(parameters!), row: parseColumns(rows) },
    features,
  };
}

const destinationID = "destination";

/** Messages are sent to it. */
async function insertDestination(connection: pg.Client): Promise<void> {
  await connection.query(
    `insert into dbos.workflow_status (workflow_uuid, status) values ($1, 'PENDING')
    on conflict do nothing`,
    [destinationID],
  );
}

/** A valid value of a parameter, by its name, its type and its cast in the statement. */
function emptyValue({ source }: File, { name, type }: Column): string | number | boolean {
  if (type !== "text") return type === "int" ? 0 : false;
  if (name === "destination_id") return destinationID;
  if (name === "workflow_id" || name === "message_id") return crypto.randomUUID();
  const cast = new RegExp(`(?<!:):${name}::text::([a-z]+)`).exec(source)?.[1] ?? "text";
  return { json: "[]", jsonb: "{}", bigint: "0", int: "0", boolean: "false" }[cast] ?? "x";
}

/**
 * Runs every statement on the current schema, with and without its optional parameters, and compares its
 * columns with those of its header, in their order.
 */
async function checkStatements(
  connection: pg.Client,
  { isNewest = false }: { isNewest?: boolean } = {},
): Promise<void> {
  const present = await findFeatures(connection);
  await insertDestination(connection);
  const results: pg.FieldDef[][] = [];
  const driver = {
    async query(query: pg.QueryConfig) {
      const result = await connection.query(query);
      results.push(result.fields);
      return result;
    },
    connect() {},
    connection,
  };
  const database = systemDatabaseOf(createClient(driver, { retryTimeoutSeconds: 0 }));
  for (const file of files) {
    const { header, needs } = file;
    if (isForNewestSchema(file) && !isNewest) continue;
    // Skips statements that need a table or column of a later schema.
    if (!needs.every((name) => present.has(name))) continue;
    const statement = statements.find(({ name }) => name === header.name);
    assert(statement, header.name);
    // `set` takes no parameters; these statements are sent as text.
    if (/^\s*set /.test(statement.sql)) continue;
    const required = header.parameters.filter(({ isOptional }) => !isOptional);
    for (const given of [header.parameters, required]) {
      const parameters = given.map((column) => [column.name, emptyValue(file, column)]);
      await database.run(statement, Object.fromEntries(parameters));
      const fields = results.at(-1)!.map(({ name, dataTypeID }) => ({ name, dataTypeID }));
      const expected = header.row.filter((column) => isSelected(statement, column, given, present))
        .map(({ name, type }) => ({ name, dataTypeID: typeIDs[type]! }));
      assertEquals(fields, expected, header.name);
    }
  }
}

/** Whether the conditions of a column hold with the given parameters, on the present schema. */
function isSelected(
  { columns }: Statement<object, unknown>,
  { name }: Column,
  given: readonly Column[],
  present: ReadonlySet<string>,
): boolean {
  const conditions = new RegExp(`\\b${name} [a-z]+ if ([^,]+)`).exec(columns!)?.[1];
  const holds = (condition: string): boolean =>
    condition.startsWith("not ")
      ? !holds(condition.slice(4))
      : present.has(condition) || given.some(({ name }) => condition === `:${name}`);
  return conditions?.split(" and ").every(holds) ?? true;
}

/** The tables and columns that the schema has. */
async function findFeatures(connection: pg.Client): Promise<Set<string>> {
  const { rows } = await connection.query(
    "select table_name, column_name from information_schema.columns where table_schema = 'dbos'",
  );
  return new Set(
    rows.flatMap((
      row: Record<string, string>,
    ) => [row.table_name, `${row.table_name}.${row.column_name}`]),
  );
}

async function connect(url: string): Promise<pg.Client & AsyncDisposable> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.end() });
}

Deno.test("every statement returns the columns of its header on the newest schema", async () => {
  await using database = await createTestDatabase();
  await using connection = await connect(database.url);
  await migrate(connection);
  await checkStatements(connection, { isNewest: true });
  const present = await findFeatures(connection);
  assertEquals(allFeatures.filter((feature) => !present.has(feature)), []);
});

Deno.test("every statement that only reads calls a function that is not immutable", async () => {
  // Cloudflare Hyperdrive would answer other statements from its cache, which is up to 75 s old.
  await using database = await createTestDatabase();
  await using connection = await connect(database.url);
  const volatileNames = await findVolatileFunctions(connection);
  const features = new Set([...allFeatures, ...files.flatMap(({ needs }) => needs)]);
  for (const schema of [features, new Set<string>()]) {
    const buildQuery = createQueryBuilder("dbos", schema);
    for (const statement of statements) {
      if (/\b(insert into|update|delete from|set local)\b/.test(statement.sql)) continue;
      if (isDefinition(statement.sql)) continue;
      const { header: { parameters } } = files.find(({ header }) =>
        header.name === statement.name
      )!;
      const required = parameters.filter(({ isOptional }) => !isOptional);
      for (const given of [parameters, required]) {
        const { text } = buildQuery(
          statement,
          Object.fromEntries(given.map(({ name }) => [name, 1])),
        );
        const called = [...text.matchAll(/\b([a-z_]+)\(/g)].map(([, name]) => name!);
        assert(called.some((name) => volatileNames.has(name)), `${statement.name}: ${text}`);
      }
    }
  }
});

/** The names of the functions of which no variant is immutable. */
async function findVolatileFunctions(connection: pg.Client): Promise<Set<string>> {
  const { rows } = await connection.query(
    "select proname as name from pg_proc group by 1 having bool_and(provolatile <> 'i')",
  );
  return new Set(rows.map(({ name }: { name: string }) => name));
}

Deno.test("every statement runs on a schema that lacks any one feature", async (test) => {
  await using database = await createTestDatabase();
  await using connection = await connect(database.url);
  await migrate(connection);
  for (const feature of allFeatures) {
    await test.step(feature, async () => {
      const [table, column] = feature.split(".");
      await connection.query("begin");
      await connection.query(
        column
          ? `alter table dbos.${table} drop column ${column} cascade`
          : `drop table dbos.${table} cascade`,
      );
      await checkStatements(connection);
      await connection.query("rollback");
    });
  }
});

Deno.test("every statement runs on every schema version of the DBOS SDK", async () => {
  await using database = await createTestDatabase();
  await using connection = await connect(database.url);
  for (let version = oldestVersion; version <= newestVersion; version++) {
    await migrate(connection, version);
    await checkStatements(connection);
    // Schemas before version 33 do not store the format of a value, which portable JSON needs.
    const serializationType = version >= 33 ? "portable" : "native";
    await using client = createClient(connection, { serializationType });
    const workflowID = `version-${version}`;
    const echo = { workflowName: "echo", queueName: "idle" };
    await enqueue(client, { ...echo, workflowID }, version);
    await send(client, workflowID, version);
    const status = await getStatus(client, workflowID);
    assertEquals(status?.status, "ENQUEUED");
    // For a generated ID the client sends another form of the statement.
    const withGeneratedID = await enqueue(client, echo, version);
    assertEquals((await withGeneratedID.getStatus())?.input, [version]);
    assertEquals(await getEvent(client, workflowID, "key", 0), null);
    const { rows } = await connection.query(
      "select message from dbos.notifications where destination_uuid = $1",
      [workflowID],
    );
    const message = JSON.parse(rows[0]!.message);
    assertEquals(serializationType === "native" ? message.json : message, version);
    assertEquals(status?.input, [version]);
  }
  assert(newestVersion >= 120);
});

Deno.test({
  name: "psql runs every file of sql/ as it stands",
  ignore: !hasPsql(),
  async fn() {
    await using database = await createTestDatabase();
    await using connection = await connect(database.url);
    await migrate(connection);
    await insertDestination(connection);
    for (const file of files) {
      const { path, header } = file;
      const variables = header.parameters.flatMap((column) => {
        const value = emptyValue(file, column);
        return ["-v", `${column.name}=${typeof value === "string" ? `'${value}'` : value}`];
      });
      const { success, stdout, stderr } = await new Deno.Command("psql", {
        args: [
          ...["--no-psqlrc", "--csv", "-v", "ON_ERROR_STOP=1", "-v", 'schema="dbos"'],
          ...variables,
          ...["-f", path, database.url],
        ],
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      const columns = new TextDecoder().decode(stdout).split("\n")[0]!.split(",");
      if (header.row.length > 0) {
        assertEquals(
          columns,
          header.row.map(({ name }) => name),
          path,
        );
      }
    }
  },
});

function hasPsql(): boolean {
  try {
    return new Deno.Command("psql", { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}
