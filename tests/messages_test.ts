import { assert, assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import {
  type Client,
  enqueue,
  forkWorkflow,
  getAllEvents,
  getResult,
  type Message,
  NonExistentWorkflowError,
  send,
  sendMany,
  SerializedValue,
} from "../mod.ts";
import { type BatchRecorder, openBatchRecorder } from "./support/batch_recorder.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";
import { until } from "./support/until.ts";

const waitOptions = { timeoutSeconds: 600 };

async function startCollecting(client: Client, count: number, topic?: string): Promise<string> {
  const options = { workflowName: "collect", queueName: "tasks" };
  return (await enqueue(client, options, count, ...(topic ? [topic] : []))).workflowID;
}

/** Enqueues a workflow that no worker runs, so that nothing consumes its messages. */
async function enqueueIdle(client: Client): Promise<string> {
  return (await enqueue(client, { workflowName: "echo", queueName: "idle" })).workflowID;
}

async function messagesTo({ pool }: BatchRecorder, workflowID: string): Promise<unknown[]> {
  const { rows } = await pool.query(
    `select message from dbos.notifications where destination_uuid = $1
    order by created_at_epoch_ms`,
    [workflowID],
  );
  return rows.map(({ message }: { message: string }) => JSON.parse(message));
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

Deno.test("sendMany() and getAllEvents() work with a worker", async (test) => {
  await using recorder = await openBatchRecorder("send");
  const { client, pool, batches } = recorder;

  await test.step("each workflow receives its messages in order", async () => {
    const destinations = [await startCollecting(client, 50), await startCollecting(client, 50)];
    batches.length = 0;
    const outcomes = await sendMany(
      client,
      range(100).map((index) => ({ destinationID: destinations[index % 2]!, message: index })),
    );
    assertEquals(batches, [100]);
    assertEquals(
      outcomes,
      range(100).map((index) => ({ destinationID: destinations[index % 2]!, isDelivered: true })),
    );
    for (const [rest, workflowID] of destinations.entries()) {
      const received = await getResult(client, workflowID, waitOptions);
      assertEquals(received, range(50).map((index) => 2 * index + rest));
    }
  });

  await test.step("a message sent after sendMany() is stored after its messages", async () => {
    const workflowID = await enqueueIdle(client);
    const messages = range(300).map((index) => ({ destinationID: workflowID, message: index }));
    await sendMany(client, messages);
    await send(client, workflowID, 300);
    await sendMany(client, [{ destinationID: workflowID, message: 301 }]);
    assertEquals(await messagesTo(recorder, workflowID), range(302));
  });

  await test.step("large messages are sent in several statements, in order", async () => {
    const workflowID = await enqueueIdle(client);
    const padding = "x".repeat(300_000);
    batches.length = 0;
    const messages = range(10).map((index) => ({
      destinationID: workflowID,
      message: [index, padding],
    }));
    const outcomes = await sendMany(client, messages);
    assert(outcomes.length === 10 && outcomes.every(({ isDelivered }) => isDelivered));
    assertEquals(batches, [4, 4, 2]);
    assertEquals(await messagesTo(recorder, workflowID), messages.map(({ message }) => message));
  });

  await test.step("missing workflows are reported, and do not block other messages", async () => {
    const workflowID = await enqueueIdle(client);
    const messages: Message[] = [
      { destinationID: "nobody", message: 1 },
      { destinationID: workflowID, message: 2 },
      { destinationID: "nobody else", message: 3, idempotencyKey: "k" },
      { destinationID: workflowID, message: null, topic: "t" },
    ];
    assertEquals(await sendMany(client, messages), [
      { destinationID: "nobody", isDelivered: false },
      { destinationID: workflowID, isDelivered: true },
      { destinationID: "nobody else", isDelivered: false },
      { destinationID: workflowID, isDelivered: true },
    ]);
    assertEquals(await messagesTo(recorder, workflowID), [2, null]);
    assertEquals(await sendMany(client, []), []);
  });

  await test.step("each workflow gets only one message with the same idempotency key", async () => {
    const workflowIDs = [await enqueueIdle(client), await enqueueIdle(client)];
    const messages = [0, 1, 0].map((index, message) => ({
      destinationID: workflowIDs[index]!,
      message,
      idempotencyKey: "k",
    }));
    for (const _ of range(2)) {
      const outcomes = await sendMany(client, messages);
      assertEquals(outcomes.map(({ isDelivered }) => isDelivered), [true, true, true]);
    }
    assertEquals(await messagesTo(recorder, workflowIDs[0]!), [0]);
    assertEquals(await messagesTo(recorder, workflowIDs[1]!), [1]);
  });

  await test.step("messages in an open transaction are delivered when it commits", async () => {
    const workflowID = await enqueueIdle(client);
    const messages = range(3).map((message) => ({ destinationID: workflowID, message }));
    const connection = await pool.connect();
    for (const end of ["rollback", "commit"]) {
      await connection.query("begin");
      await sendMany(connection, messages);
      // A missing workflow does not abort the transaction.
      await sendMany(connection, [{ destinationID: "nobody", message: 7 }]);
      await sendMany(connection, [{ destinationID: workflowID, message: 3 }]);
      assertEquals(await messagesTo(recorder, workflowID), []);
      await connection.query(end);
    }
    connection.release();
    assertEquals(await messagesTo(recorder, workflowID), range(4));
  });

  await test.step("getAllEvents() returns the latest value of each event", async () => {
    const { workflowID, getResult } = await enqueue(client, {
      workflowName: "takeSteps",
      queueName: "tasks",
      serializationType: "native",
    });
    await send(client, workflowID, 1, { topic: "step 5, and its timeout step 6" });
    await getResult(waitOptions);
    const events = { late: "step 9", progress: "step 8" };
    assertEquals(await getAllEvents(client, workflowID), events);
    await pool.query(
      `insert into dbos.workflow_events (workflow_uuid, key, value, serialization) values
      ($1, 'pickled', 'gASVBQAAAA==', 'py_pickle'), ($1, '__proto__', '[1]', 'portable_json')`,
      [workflowID],
    );
    assertEquals(Object.entries(await getAllEvents(client, workflowID)), [
      ["__proto__", [1]],
      ["late", "step 9"],
      ["pickled", new SerializedValue("py_pickle", "gASVBQAAAA==")],
      ["progress", "step 8"],
    ]);
    assertEquals(await getAllEvents(client, "nobody"), {});
    await assertRejects(() => getAllEvents(client, ""), RangeError, "workflowID");
  });
});

Deno.test("sendToForks sends to a workflow and all its forks", async (test) => {
  await using recorder = await openBatchRecorder("send");
  const { client, pool, batches } = recorder;

  await test.step("the workflow and its forks receive the message", async () => {
    const waiter = { workflowName: "waitForMessage", queueName: "tasks" };
    const original = await enqueue(client, waiter, "topic", 600);
    const fork = await forkWorkflow(client, original.workflowID, 0);
    const forkOfFork = await forkWorkflow(client, fork.workflowID, 0);
    const options = { topic: "topic", sendToForks: true };
    await send(client, original.workflowID, { approved: true }, options);
    for (const handle of [original, fork, forkOfFork]) {
      assertEquals(await handle.getResult(waitOptions), { approved: true });
    }
  });

  /** Inserts a workflow with two forks, and a fork of one of them. */
  async function insertForks(): Promise<Record<"root" | "left" | "right" | "leaf", string>> {
    const root = await enqueueIdle(client);
    const ids = { root, left: `${root}-left`, right: `${root}-right`, leaf: `${root}-leaf` };
    for (const [id, origin] of [[ids.left, root], [ids.right, root], [ids.leaf, ids.left]]) {
      await pool.query(
        `insert into dbos.workflow_status (workflow_uuid, status, name, forked_from)
        values ($1, 'PENDING', 'echo', $2)`,
        [id, origin],
      );
    }
    return ids;
  }

  async function messageIDs(workflowID: string): Promise<string[]> {
    const { rows } = await pool.query(
      `select message_uuid from dbos.notifications where destination_uuid = $1
      order by created_at_epoch_ms`,
      [workflowID],
    );
    return rows.map(({ message_uuid }: { message_uuid: string }) => message_uuid);
  }

  await test.step("an idempotency key applies to each fork separately", async () => {
    const { root, left, right, leaf } = await insertForks();
    const options = { sendToForks: true, idempotencyKey: "k" };
    // Sending to the root reaches the forks that do not have a message with the key yet.
    await send(client, left, "first", options);
    assertEquals(await messagesTo(recorder, leaf), ["first"]);
    await send(client, root, "second", options);
    for (const id of [root, left, right, leaf]) assertEquals(await messageIDs(id), [`k::${id}`]);
    assertEquals(await messagesTo(recorder, leaf), ["first"]);
    assertEquals(await messagesTo(recorder, right), ["second"]);
  });

  await test.step("only messages with sendToForks: true are sent to forks", async () => {
    const { root, left, right, leaf } = await insertForks();
    batches.length = 0;
    await Promise.all([
      send(client, root, 0),
      send(client, root, 1, { sendToForks: true }),
      send(client, left, 2),
      send(client, left, 3, { sendToForks: true }),
      send(client, root, 4, { sendToForks: false }),
    ]);
    assertEquals(batches.toSorted(), [2, 3]);
    assertEquals((await messagesTo(recorder, root)).toSorted(), [0, 1, 4]);
    assertEquals((await messagesTo(recorder, left)).toSorted(), [1, 2, 3]);
    assertEquals(await messagesTo(recorder, right), [1]);
    assertEquals(await messagesTo(recorder, leaf), [1, 3]);
  });

  await test.step("sendMany() supports sendToForks, too", async () => {
    const { root, left, right, leaf } = await insertForks();
    const messages = range(3).map((message) => ({ destinationID: root, message }));
    const outcomes = await sendMany(client, messages, { sendToForks: true });
    assertEquals(outcomes.length, 3);
    for (const id of [root, left, right, leaf]) {
      assertEquals(await messagesTo(recorder, id), range(3));
    }
  });

  await test.step("no fork receives a message if the workflow itself does not exist", async () => {
    const { root, left, right, leaf } = await insertForks();
    await pool.query("delete from dbos.workflow_status where workflow_uuid = $1", [root]);
    await assertRejects(
      () => send(client, root, 1, { sendToForks: true }),
      NonExistentWorkflowError,
    );
    for (const id of [left, right, leaf]) assertEquals(await messagesTo(recorder, id), []);
  });

  await test.step("each workflow gets one message if the forks form a cycle", async () => {
    const { root, left, right, leaf } = await insertForks();
    await pool.query("update dbos.workflow_status set forked_from = $2 where workflow_uuid = $1", [
      root,
      leaf,
    ]);
    await send(client, root, 1, { sendToForks: true });
    for (const id of [root, left, right, leaf]) assertEquals(await messagesTo(recorder, id), [1]);
  });

  await test.step("invalid arguments are rejected before anything is sent", async () => {
    batches.length = 0;
    const many = (messages: unknown, options?: object) => () =>
      sendMany(client, messages as Message[], options);
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    const destinationID = "id";
    for (
      const [call, error, message] of [
        [() => send(client, "id", 1, { sendToForks: "yes" as never }), TypeError, "sendToForks"],
        [many("text"), TypeError, "array"],
        [many([{ destinationID: " ", message: 1 }]), RangeError, "destinationID"],
        [many([{ message: 1 }]), TypeError, "destinationID"],
        [many([{ destinationID, message: 1 }, { destinationID, topic: "" }]), RangeError, "topic"],
        [many([{ destinationID, idempotencyKey: "\0" }]), RangeError, "idempotencyKey"],
        [many([{ destinationID, message: cyclic }]), TypeError, "it has a circular reference"],
        [many([], { serializationType: "xml" }), RangeError, "serializationType"],
        [many([], { sendToForks: 1 }), TypeError, "sendToForks"],
      ] as const
    ) await assertRejects(call, error, message);
    assertEquals(batches, []);
  });
});

Deno.test("an idempotency key works on old schemas without a unique index", async () => {
  await using recorder = await openBatchRecorder("send");
  const { client, pool } = recorder;
  await pool.query(
    `alter table dbos.notifications drop constraint notifications_pkey, drop column serialization`,
  );
  const [first, second] = [await enqueueIdle(client), await enqueueIdle(client)];
  const to = (destinationID: string, message: unknown, idempotencyKey?: string): Message => ({
    destinationID,
    message,
    ...(idempotencyKey && { idempotencyKey }),
  });
  await sendMany(client, [to(first, 1, "key"), to(first, 2, "key"), to(second, 3, "key")]);
  await send(client, first, 4, { idempotencyKey: "key" });
  await sendMany(client, [to(first, 5), to(first, 5)]);
  assertEquals(await messagesTo(recorder, first), [1, 5, 5]);
  assertEquals(await messagesTo(recorder, second), [3]);
});

Deno.test("send() takes one statement, whatever becomes of the message", async () => {
  await using recorder = await openBatchRecorder("send");
  const { client, batches } = recorder;
  const workflowID = await enqueueIdle(client);
  for (let call = 0; call < 3; call++) await send(client, workflowID, call);
  assertEquals(batches.splice(0), [1, 1, 1]);
  for (let call = 0; call < 3; call++) {
    await send(client, workflowID, "once", { idempotencyKey: "key" });
  }
  assertEquals(batches.splice(0), [1, 1, 1]);
  await assertRejects(() => send(client, "missing", 1), NonExistentWorkflowError);
  assertEquals(batches, [1]);
  assertEquals(await messagesTo(recorder, workflowID), [0, 1, 2, "once"]);
});

Deno.test("a destination that is deleted while a message is sent is reported as missing", async () => {
  await using database = await createTestDatabase();
  await using resources = new AsyncDisposableStack();
  const connect = async () => {
    const connection = new pg.Client({ connectionString: database.url });
    await connection.connect();
    resources.defer(() => connection.end());
    return connection;
  };
  const [owner, deleter, sender] = [await connect(), await connect(), await connect()];
  await migrate(owner);
  const { rows: [{ pid }] } = await sender.query("select pg_backend_pid() as pid");

  /** Deletes the destination in a transaction that commits when the message waits for it. */
  async function deleteMeanwhile<Result>(run: () => Promise<Result>): Promise<Result> {
    await owner.query(
      "insert into dbos.workflow_status (workflow_uuid, status) values ('1', 'PENDING'), ('2', 'PENDING')",
    );
    await deleter.query("begin; delete from dbos.workflow_status where workflow_uuid = '1'");
    const result = run();
    result.catch(() => {});
    const waits = "select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'";
    await until(async () => (await owner.query(waits, [pid])).rowCount! > 0);
    await deleter.query("commit");
    return await result.finally(() => owner.query("delete from dbos.workflow_status"));
  }

  // From the second call on the time of the server is known, and the message has a statement of its own.
  for (let call = 0; call < 2; call++) {
    await assertRejects(
      () => deleteMeanwhile(() => send(sender, "1", 7)),
      NonExistentWorkflowError,
    );
  }
  const messages = ["1", "2"].map((destinationID) => ({ destinationID, message: 7 }));
  const outcomes = await deleteMeanwhile(() => sendMany(sender, messages));
  assertEquals(outcomes.map(({ isDelivered }) => isDelivered), [false, true]);
  const toForks = await deleteMeanwhile(() => sendMany(sender, messages, { sendToForks: true }));
  assertEquals(toForks.map(({ isDelivered }) => isDelivered), [false, true]);

  await sender.query("begin");
  const error = await assertRejects(
    () => deleteMeanwhile(() => send(sender, "1", 7)),
    NonExistentWorkflowError,
  );
  assertEquals((error.cause as { code?: string }).code, "23503");
  await sender.query("rollback");
});
