import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import pg from "pg";
import {
  applySchedules,
  cancelWorkflow,
  createClient,
  createSchedule,
  debounce,
  type Driver,
  enqueue,
  enqueueMany,
  forkWorkflow,
  forkWorkflows,
  registerQueue,
  renameApplication,
  resumeWorkflow,
  rewindWorkflow,
  send,
  sendMany,
  setLatestApplicationVersion,
  triggerSchedule,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";
import { UnusedPool } from "./support/unused_pool.ts";

const maxBytes = 2500;

/** A text that Postgres cannot compress, with two bytes of UTF-8 for each of half of its characters. */
function incompressible(bytes: number): string {
  const codes = new Uint16Array(bytes);
  for (let i = 0; i < bytes; i += 1000) crypto.getRandomValues(codes.subarray(i, i + 1000));
  let text = "";
  let left = bytes;
  for (const code of codes) {
    if (left === 0) break;
    const isLong = left > 1 && code % 3 === 0;
    text += String.fromCharCode(isLong ? 0x100 + code % 0x600 : 0x61 + code % 26);
    left -= isLong ? 2 : 1;
  }
  return text;
}

const task = { workflowName: "echo", queueName: "q" };
const daily = { workflowName: "echo", schedule: "@daily" };

const version = incompressible(1000).replaceAll(/[^a-z]/g, "a");

interface Limit {
  /** Makes a call that writes a text. */
  readonly write: (client: Driver, text: string, existingID: string) => Promise<unknown>;
  /** The bytes of other texts in the same index. */
  readonly others?: number;
}

const limits: Record<string, Limit> = {
  "a workflow ID": { write: (client, workflowID) => enqueue(client, { ...task, workflowID }) },
  "a queue": { write: (client, queueName) => enqueue(client, { ...task, queueName }) },
  "an application": {
    write: (client, applicationName) => enqueue(client, { ...task, applicationName }),
    others: 1,
  },
  "a deduplication ID": {
    write: (client, deduplicationID) => enqueue(client, { ...task, deduplicationID }),
    others: 1,
  },
  "a partition": {
    write: (client, queuePartitionKey) =>
      enqueue(client, { ...task, queuePartitionKey, workflowID: crypto.randomUUID() }),
    others: 37,
  },
  "a partition of a queue of an application": {
    write: (client, queuePartitionKey) =>
      enqueue(client, {
        ...task,
        queueName: "q".repeat(500),
        applicationName: "a".repeat(500),
        queuePartitionKey,
        workflowID: crypto.randomUUID(),
      }),
    others: 1036,
  },
  "a job": { write: (client, workflowID) => enqueueMany(client, [{ ...task, workflowID }]) },
  "a debounce key": {
    write: (client, key) => debounce(client, task, key, 1000),
    others: "q.echo-".length,
  },
  "a topic": {
    write: (client, topic, existingID) => send(client, existingID, 1, { topic }),
    others: 36,
  },
  "an idempotency key": {
    write: (client, idempotencyKey, destinationID) =>
      sendMany(client, [{ destinationID, idempotencyKey, message: 1 }]),
    others: 36,
  },
  "the ID of a fork": {
    write: (client, newWorkflowID, id) => forkWorkflow(client, id, 0, { newWorkflowID }),
  },
  "the partition of a fork": {
    write: (client, queuePartitionKey, workflowID) => {
      const fork = { workflowID, startStep: 0, newWorkflowID: crypto.randomUUID() };
      return forkWorkflows(client, [fork], { queuePartitionKey });
    },
    others: 36,
  },
  "the partition of a workflow that is rewound": {
    async write(client, queuePartitionKey) {
      const { workflowID } = await enqueue(client, task);
      await cancelWorkflow(client, workflowID);
      await rewindWorkflow(client, workflowID, {
        queueName: "q".repeat(1000),
        queuePartitionKey,
      });
    },
    others: 1036,
  },
  "the queue of a workflow that is resumed": {
    write: (client, queueName, id) => resumeWorkflow(client, id, { queueName }),
  },
  "a registered queue": { write: (client, name) => registerQueue(client, name) },
  "a schedule": {
    async write(client, scheduleName) {
      await createSchedule(client, { ...daily, scheduleName });
      await triggerSchedule(client, scheduleName);
    },
    others: "sched--trigger-2026-01-01T00:00:00.000Z".length,
  },
  "the application of a schedule": {
    async write(client, applicationName) {
      const scheduleName = crypto.randomUUID();
      const queueName = "q".repeat(1000);
      await createSchedule(client, { ...daily, scheduleName, queueName, applicationName });
      await triggerSchedule(client, scheduleName);
    },
    others: 1000,
  },
  "the application of a version": {
    async write(client, applicationName) {
      await setLatestApplicationVersion(client, version, { applicationName });
    },
    others: version.length,
  },
};

Deno.test("what an index cannot hold is a RangeError, and leaves a transaction usable", async (test) => {
  await using database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  await migrate(pool);
  await pool.query(
    "insert into dbos.application_versions (version_id, version_name, version_timestamp, created_at) " +
      "values ('1', $1, 0, 0)",
    [version],
  );
  const { workflowID } = await enqueue(pool, task);
  for (const [name, { write, others = 0 }] of Object.entries(limits)) {
    await test.step(name, async () => {
      await write(pool, incompressible(maxBytes - others), workflowID);
      const connection = await pool.connect();
      await connection.query("begin");
      try {
        for (const bytes of [maxBytes - others + 1, 100_000]) {
          const error = await assertRejects(
            () => write(connection, incompressible(bytes), workflowID),
            RangeError,
          );
          assertStringIncludes(error.message, `an index of Postgres may hold ${maxBytes}`);
        }
        assertEquals((await connection.query("select 1 as one")).rows, [{ one: 1 }]);
      } finally {
        await connection.query("rollback");
        connection.release();
      }
    });
  }
  await pool.end();
});

Deno.test("what one index cannot hold together is named with the function that it was given to", async () => {
  const pool = new UnusedPool();
  const long = "a".repeat(1500);
  const invalidTask = { ...task, queueName: long, deduplicationID: long };
  for (
    const [call, names] of [
      [() => enqueue(pool, invalidTask), "queueName with deduplicationID of enqueue()"],
      [
        () => enqueueMany(pool, [invalidTask]),
        "queueName with deduplicationID of jobs[0] of enqueueMany()",
      ],
      [
        () => debounce(pool, { ...task, queueName: long }, long, 1),
        "queueName with debounceKey of debounce()",
      ],
      [() => send(pool, long, 1, { topic: long }), "destinationID with topic of send()"],
      [
        () => sendMany(pool, [{ destinationID: long, idempotencyKey: long, message: 1 }]),
        "destinationID with idempotencyKey of messages[0] of sendMany()",
      ],
      [
        () => rewindWorkflow(pool, long, { queuePartitionKey: long }),
        "queueName with queuePartitionKey with workflowID of rewindWorkflow()",
      ],
      [
        () => setLatestApplicationVersion(pool, long, { applicationName: long }),
        "applicationName with versionName of setLatestApplicationVersion()",
      ],
      [
        () =>
          applySchedules(pool, [
            { ...daily, scheduleName: "a", queueName: long, applicationName: long },
          ]),
        "queueName with applicationName of schedules[0] of applySchedules()",
      ],
    ] as const
  ) {
    await assertRejects(call, RangeError, `Cannot use the given ${names}: `);
  }
  assertEquals(pool.statements, 0);
});

Deno.test("a class or a configured instance has at most 255 characters", async () => {
  await using database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  await migrate(pool);
  const reason = "has more than 255 characters";
  for (const option of ["workflowClassName", "workflowConfigName"]) {
    await enqueue(pool, { ...task, [option]: "😀".repeat(255) });
    await assertRejects(
      () => enqueue(pool, { ...task, [option]: "a".repeat(256) }),
      RangeError,
      reason,
    );
  }
  const schedule = { ...daily, scheduleName: "nightly", workflowClassName: "a".repeat(256) };
  await assertRejects(() => createSchedule(pool, schedule), RangeError, reason);
  await assertRejects(() => applySchedules(pool, [schedule]), RangeError, reason);
  await pool.end();
});

Deno.test("the names of clients, queues and applications have limits in every function", async () => {
  const pool = new pg.Pool({ connectionString: "postgres://127.0.0.1:1/none" });
  const name = "a".repeat(maxBytes + 1);
  const reason = "an index of Postgres may hold";
  assertThrows(() => createClient(pool, { applicationName: name }), RangeError, reason);
  for (
    const call of [
      () => renameApplication(pool, "shop", name),
      () => registerQueue(pool, "tasks", { applicationName: name }),
      () => rewindWorkflow(pool, "id", { queueName: name }),
      () => forkWorkflow(pool, "id", 0, { queueName: name }),
      () => createSchedule(pool, { ...daily, scheduleName: "a", queueName: name }),
      () => createSchedule(pool, { ...daily, scheduleName: "a", applicationName: name }),
    ]
  ) {
    await assertRejects(call, RangeError, reason);
  }
  await pool.end();
});
