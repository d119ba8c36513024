/**
 * A transactional outbox: an order and the workflow that processes it are committed together, or
 * neither is. The queue itself is the outbox, so no process has to relay messages.
 *
 * It creates the tables `orders` and `stock` in the database that has DBOS's system tables.
 *
 *     deno run --allow-env --allow-net examples/transactional_outbox.ts
 */
import process from "node:process";
import { enqueue, getResult } from "@dbos-community/client";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DBOS_SYSTEM_DATABASE_URL });
// Without a listener, the loss of an idle connection would end the process.
pool.on("error", console.error);

/** Stores an order, enqueues its workflow, and returns the ID of the workflow. */
async function placeOrder(item: string, quantity: number): Promise<string> {
  const connection = await pool.connect();
  try {
    await connection.query("begin");
    const { rows: [order] } = await connection.query(
      "insert into orders (item, quantity) values ($1, $2) returning id",
      [item, quantity],
    );
    const { workflowID } = await enqueue(
      connection,
      { workflowName: "processTask", queueName: "tasks", workflowID: `order-${order.id}` },
      { id: order.id, item, quantity },
    );
    await connection.query("update stock set quantity = quantity - $2 where item = $1", [
      item,
      quantity,
    ]);
    await connection.query("commit");
    return workflowID;
  } catch (error) {
    await connection.query("rollback");
    throw error;
  } finally {
    connection.release();
  }
}

await pool.query(`
  create table if not exists orders (
    id uuid primary key default gen_random_uuid(),
    item text not null,
    quantity int not null
  );
  create table if not exists stock (
    item text primary key,
    quantity int not null check (quantity >= 0)
  );
  insert into stock (item, quantity) values ('book', 10)
  on conflict (item) do update set quantity = excluded.quantity`);

const workflowID = await placeOrder("book", 1);
console.log(`Committed ${workflowID}`);
console.log(await getResult(pool, workflowID, { timeoutSeconds: 60 }));

try {
  await placeOrder("book", 1000);
} catch (error) {
  // The stock would be negative. Neither the order nor its workflow exists.
  console.log(`Rolled back: ${(error as Error).message}`);
}

await pool.end();
