import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { inspect } from "node:util";
import pg from "pg";
import * as library from "../../mod.ts";
import { createTestDatabase } from "../support/database.ts";
import { migrate } from "../support/migrate.ts";
import { call, functionNames, hostileCalls } from "./hostile_calls.ts";
import { HostileError, keptValues } from "./hostile_values.ts";
import { fuzzParameters, seed } from "./options.ts";

/** Has the shape of a Pool of npm:pg, and refuses every statement. */
class RefusingPool {
  readonly totalCount = 0;
  statements = 0;

  connect(): Promise<never> {
    this.statements++;
    return Promise.reject(new Error("refused"));
  }

  query(): Promise<never> {
    return this.connect();
  }
}

/** What can be seen of values without calling anything of theirs. */
function look(values: readonly unknown[]): string {
  try {
    const options = { showProxy: true, showHidden: true, depth: 6, maxStringLength: 50 };
    // Deno writes the stack of what inspect() throws.
    return inspect(values, options).split("[Internal Formatting Error]")[0]!;
  } catch {
    return "hostile";
  }
}

// What the engine says in a TypeError of its own.
const engineMessage =
  /^Cannot (read|set prop|convert|destructure|mix|assign|access|perform|define|delete|add|redefine)/;

/** Whether an error is a documented one, or one of the hostile value itself. */
function isExpected(error: unknown): boolean {
  if (error instanceof HostileError) return true;
  if (!(error instanceof Error)) return false;
  if (error.name === "AbortError" || /proxy that has been revoked/.test(error.message)) return true;
  const isDocumented = error instanceof TypeError || error instanceof RangeError;
  return isDocumented && /^Cannot /.test(error.message) && !engineMessage.test(error.message);
}

function describe(name: string, args: readonly unknown[]): string {
  return `${name}(client, ${look(args).slice(0, 2000)})`;
}

Deno.test(`a call with hostile values is sent, or refused with a documented error (seed ${seed})`, async () => {
  let sent = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(hostileCalls(functionNames), async ({ name, makeArgs }) => {
      const args = makeArgs();
      const before = look(args);
      const pool = new RefusingPool();
      const error = await call(name, pool, args).then(() => undefined, (error) => error);
      if (pool.statements > 0) sent++;
      else if (error !== undefined) {
        refused++;
        assert(isExpected(error), `${describe(name, args)}: ${inspect(error)}`);
      }
      assertEquals(look(args), before, describe(name, args));
    }),
    fuzzParameters(8_000),
  );
  // The property would also hold if every call were refused.
  assert(sent > 0 && refused > 0);
});

const writing = functionNames.filter((name) =>
  !/^(createClient|describe|wait|retrieve|iterate|get|read)/.test(name)
);

Deno.test(`a call in a transaction leaves it usable, and writes all or nothing (seed ${seed})`, async () => {
  await using database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  await migrate(pool);
  await library.enqueue(pool, { workflowName: "echo", queueName: "tasks", workflowID: "id" });
  const connection = await pool.connect();
  const countRows = async () => {
    const tables = ["workflow_status", "workflow_input", "notifications", "queues"];
    const counts = [...tables, "workflow_schedules"].map((table) =>
      `(select count(*)::int from dbos.${table})`
    );
    const { rows: [row] } = await connection.query(`select array[${counts}] as counts`);
    return row.counts;
  };
  const client = library.createClient(connection);
  const before = await countRows();
  await fc.assert(
    fc.asyncProperty(hostileCalls(writing), async ({ name, makeArgs }) => {
      const args = makeArgs();
      await connection.query("begin");
      try {
        const error = await call(name, client as never, args).then(
          () => undefined,
          (error) => error,
        );
        // Fails if a statement has aborted the transaction.
        const after = await countRows();
        if (error === undefined) return;
        assert(
          isExpected(error) || error.name in library,
          `${describe(name, args)}: ${inspect(error)}`,
        );
        assertEquals(after, before, describe(name, args));
      } finally {
        await connection.query("rollback");
      }
    }),
    fuzzParameters(1_000),
  );
  connection.release();
  await pool.end();
});

Deno.test(`what portable JSON keeps comes back as documented (seed ${seed})`, async () => {
  await using database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  await migrate(pool);
  const task = { workflowName: "echo", queueName: "tasks" };
  await fc.assert(
    fc.asyncProperty(fc.array(keptValues, { maxLength: 5 }), async (values) => {
      const args = values.map(({ value }) => value as library.WorkflowArg);
      const { workflowID } = await library.enqueue(pool, task, ...args);
      const status = await library.getStatus(pool, workflowID);
      // An object without a prototype, as assertEquals() compares prototypes too.
      assertEquals(JSON.stringify(status?.input), JSON.stringify(values.map(({ read }) => read)));
    }),
    fuzzParameters(1_000),
  );
  await pool.end();
});
