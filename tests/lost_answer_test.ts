import { assert, assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import { createClient, enqueue, enqueueMany, WorkflowIDInUseError } from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { startTcpProxy } from "./support/tcp_proxy.ts";
import { migrate } from "./support/migrate.ts";

// Portable JSON came later.
const native = { serializationType: "native" } as const;
// The first with a column that tells whose a workflow is, and the first with another one for that.
const owners = 29;
const creators = 123;

for (const version of [owners - 1, owners, creators - 1, creators]) {
  Deno.test(`a lost answer to enqueue() is made up for at schema version ${version}`, async (test) => {
    await using database = await createTestDatabase();
    await using proxy = await startTcpProxy(database.url);
    const connection = new pg.Client({ connectionString: database.url });
    await connection.connect();
    const pool = new pg.Pool({ connectionString: proxy.url });
    pool.on("error", () => {});
    await using _connections = {
      async [Symbol.asyncDispose]() {
        await pool.end();
        await connection.end();
      },
    };
    await migrate(connection, version);
    const client = createClient(pool, native);

    const idle = { workflowName: "echo", queueName: "idle" };
    const reject = { ...idle, workflowIDReusePolicy: "reject" } as const;
    const named = () => ({ ...reject, workflowID: crypto.randomUUID() });
    // In a text of its own, which the proxy finds wherever it is.
    const marker = () => crypto.randomUUID();
    await enqueue(client, idle);

    await test.step("with an ID of the client's", async () => {
      const text = marker();
      const loss = proxy.loseAnswerTo(text);
      const { workflowID } = await enqueue(client, reject, text);
      assert(loss.isLost);
      const many = marker();
      const lossOfMany = proxy.loseAnswerTo(many);
      const [outcome] = await enqueueMany(client, [{ ...idle, args: [many] }]);
      assert(lossOfMany.isLost);
      assertEquals(outcome?.outcome, "enqueued");
      const { rows } = await connection.query(
        "select workflow_uuid from dbos.workflow_status where workflow_uuid = any($1)",
        [[workflowID, outcome?.workflowID]],
      );
      assertEquals(rows.length, 2);
    });

    await test.step("with an ID of the caller's", async () => {
      const options = named();
      const loss = proxy.loseAnswerTo(options.workflowID);
      const enqueued = enqueue(client, options);
      if (version < owners) await assertRejects(() => enqueued, WorkflowIDInUseError);
      else assertEquals((await enqueued).workflowID, options.workflowID);
      assert(loss.isLost);
      const { rows: [row] } = await connection.query(
        "select status from dbos.workflow_status where workflow_uuid = $1",
        [options.workflowID],
      );
      assertEquals(row, { status: "ENQUEUED" });
    });

    await test.step("with an ID of somebody else's", async () => {
      const options = named();
      await enqueue(createClient(connection, native), options);
      const loss = proxy.loseAnswerTo(options.workflowID);
      await assertRejects(() => enqueue(client, options), WorkflowIDInUseError);
      assert(loss.isLost);
    });

    await test.step("nothing is left where workers of today keep their owner", async () => {
      if (version < creators) return;
      const { rows } = await connection.query(
        "select from dbos.workflow_status where owner_xid is not null or creator_xid is null",
      );
      assertEquals(rows, []);
    });
  });
}
