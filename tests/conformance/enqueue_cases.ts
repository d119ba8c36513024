import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { v7 } from "@std/uuid";
import { sqlStateOf } from "../../src/drivers/error_codes.ts";
import { findSecret } from "../support/secrets.ts";
import { type Cases, idleQueue, newID, statusRow } from "./target.ts";

const task = { workflowName: "echo", queueName: "tasks" };
const idleTask = { workflowName: "echo", queueName: idleQueue };

export const enqueueCases: Cases = {
  async "enqueue() starts a workflow, and the handle returns its result"(
    { library, client },
  ) {
    const handle = await library.enqueue<unknown[]>(client, task, 1, "two", {
      three: [null, true],
    });
    assert(v7.validate(handle.workflowID));
    assertEquals(await handle.getResult({ timeoutSeconds: 600 }), [1, "two", {
      three: [null, true],
    }]);
  },

  async "enqueue() infers arguments and result from the type of the workflow"({ library, client }) {
    type Sum = (a: number, b: number) => Promise<number>;
    const handle = await library.enqueue<Sum>(client, { ...task, workflowName: "sum" }, 2, 3);
    const sum: number = await handle.getResult({ timeoutSeconds: 600 });
    assertEquals(sum, 5);
  },

  async "enqueue() writes every option to the column that DBOS reads"(target) {
    const workflowID = newID();
    await target.library.enqueue(
      target.client,
      {
        ...idleTask,
        workflowID,
        workflowClassName: "Class",
        workflowConfigName: "config",
        appVersion: "v7",
        applicationName: "shop",
        workflowTimeoutMS: 5000,
        deduplicationID: `d-${workflowID}`,
        priority: 3,
        queuePartitionKey: "p",
        delaySeconds: 1.5,
        attributes: { customer: 7, tags: ["ä"] },
        authenticatedUser: "ann",
        assumedRole: "admin",
        authenticatedRoles: ["admin"],
        namedArgs: { key: "value" },
      },
      1,
    );
    const row = await statusRow(target, workflowID);
    assertEquals(row?.name, "echo");
    assertEquals(row?.class_name, "Class");
    assertEquals(row?.config_name, "config");
    assertEquals(row?.queue_name, idleQueue);
    assertEquals(row?.application_version, "v7");
    assertEquals(row?.application_name, "shop");
    assertEquals(Number(row?.workflow_timeout_ms), 5000);
    assertEquals(row?.deduplication_id, `d-${workflowID}`);
    assertEquals(row?.priority, 3);
    assertEquals(row?.queue_partition_key, "p");
    assertEquals(Number(row?.delay_until_epoch_ms) - Number(row?.created_at), 1500);
    assertEquals(row?.attributes, { customer: 7, tags: ["ä"] });
    assertEquals(row?.authenticated_user, "ann");
    assertEquals(row?.assumed_role, "admin");
    assertEquals(row?.authenticated_roles, '["admin"]');
    assertEquals(row?.serialization, "portable_json");
    const [payload] = await target.query(
      `select inputs from ${target.schema}.workflow_input where workflow_uuid = $1`,
      [workflowID],
    );
    assertEquals(JSON.parse(String(payload?.inputs)), {
      positionalArgs: [1],
      namedArgs: { key: "value" },
    });
    // Workers of older releases read this column.
    assertEquals(row?.inputs, payload?.inputs);
  },

  async "enqueue() writes options that are getters of a class"(target) {
    class Task {
      workflowName = idleTask.workflowName;
      queueName = idleTask.queueName;
      get priority() {
        return 7;
      }
    }
    const { workflowID } = await target.library.enqueue(target.client, new Task());
    assertEquals(Number((await statusRow(target, workflowID))?.priority), 7);
  },

  async "enqueue() writes NULL for options that are not given"(target) {
    const { workflowID } = await target.library.enqueue(target.client, idleTask);
    const row = await statusRow(target, workflowID);
    for (
      const column of [
        "class_name",
        "config_name",
        "application_version",
        "application_name",
        "deduplication_id",
        "queue_partition_key",
        "workflow_timeout_ms",
        "workflow_deadline_epoch_ms",
        "delay_until_epoch_ms",
        "attributes",
        "owner_xid",
      ]
    ) assertEquals(row?.[column], null, column);
    assertEquals(row?.status, "ENQUEUED");
    assertEquals(Number(row?.recovery_attempts), 0);
  },

  async "enqueue() sets the deadline at which DBOS cancels the workflow"({ library, client }) {
    const deadlineEpochMS = Date.now();
    const handle = await library.enqueue(client, { ...idleTask, deadlineEpochMS });
    assertEquals((await handle.getStatus())?.deadlineEpochMS, deadlineEpochMS);
    await assertRejects(
      () => handle.getResult({ timeoutSeconds: 600 }),
      library.AwaitedWorkflowCancelledError,
    );
  },

  async "enqueue() runs methods of classes and of configured instances"({ library, client }) {
    const greeting = await library.enqueue(client, {
      workflowName: "greet",
      workflowClassName: "Greeter",
      queueName: "tasks",
    }, "Ann");
    const speech = await library.enqueue(client, {
      workflowName: "speak",
      workflowClassName: "Speaker",
      workflowConfigName: "french",
      queueName: "tasks",
    }, "Ann");
    assertEquals(await greeting.getResult({ timeoutSeconds: 600 }), "Hello, Ann");
    assertEquals(await speech.getResult({ timeoutSeconds: 600 }), "french: Ann");
  },

  async "enqueue() passes the authenticated user and roles to the workflow"({ library, client }) {
    const handle = await library.enqueue(client, {
      ...task,
      workflowName: "whoAmI",
      authenticatedUser: "ann",
      authenticatedRoles: ["admin", "ops"],
    });
    assertEquals(await handle.getResult({ timeoutSeconds: 600 }), {
      user: "ann",
      roles: ["admin", "ops"],
      workflowID: handle.workflowID,
    });
  },

  async "enqueue() delays a workflow by delaySeconds"({ library, client }) {
    const delayed = await library.enqueue(client, { ...idleTask, delaySeconds: 3600 });
    assertEquals((await delayed.getStatus())?.status, "DELAYED");
    const handle = await library.enqueue(client, { ...task, delaySeconds: 0.3 }, "late");
    assertEquals(await handle.getResult({ timeoutSeconds: 600 }), ["late"]);
    const status = await handle.getStatus();
    assert(status!.dequeuedAt! >= status!.createdAt + 300);
  },

  async "enqueue() in native format keeps values that JSON cannot hold"({ library, client }) {
    const value = {
      date: new Date(86_400_000),
      map: new Map([["a", 1]]),
      set: new Set([1, 2]),
      big: 2n ** 70n,
      missing: undefined,
    };
    const handle = await library.enqueue(client, { ...task, serializationType: "native" }, value);
    assertEquals(await handle.getResult({ timeoutSeconds: 600 }), [value]);
    assertEquals((await handle.getStatus())?.input, [value]);
  },

  async "enqueue() keeps NUL characters and what looks like an escape in arguments"(
    { library, client },
  ) {
    const text = 'a\0b \\ud800 "quoted" \\ $1 $$ 😀';
    const handle = await library.enqueue(client, task, text);
    assertEquals(await handle.getResult({ timeoutSeconds: 600 }), [text]);
  },

  async "enqueue() with an ID that is in use returns a handle and changes nothing"(target) {
    const { library, client } = target;
    const workflowID = newID();
    await library.enqueue(client, { ...idleTask, workflowID }, "first");
    const before = await statusRow(target, workflowID);
    const again = await library.enqueue(
      client,
      { ...idleTask, queueName: "another", workflowID, priority: 9 },
      "second",
    );
    assertEquals(again.workflowID, workflowID);
    assertEquals(await statusRow(target, workflowID), before);
    assertEquals((await again.getStatus())?.input, ["first"]);
  },

  async "enqueue() with the ID of another workflow throws an error that names both"(
    { library, client },
  ) {
    const workflowID = newID();
    await library.enqueue(client, { ...idleTask, workflowID });
    for (
      const [options, requested] of [
        [{ workflowName: "other" }, "workflow other"],
        [{ workflowClassName: "Class" }, "workflow Class.echo"],
        [{ workflowConfigName: "config" }, "workflow echo of instance config"],
      ] as const
    ) {
      const error = await assertRejects(
        () => library.enqueue(client, { ...idleTask, ...options, workflowID }),
        library.ConflictingWorkflowError,
        `Cannot enqueue ${requested} with ID ${workflowID}: the ID is in use by workflow echo`,
      );
      assertEquals(error.workflowID, workflowID);
    }
  },

  async 'enqueue() with workflowIDReusePolicy "reject" throws if the ID is in use'(
    { library, client },
  ) {
    const options = { ...idleTask, workflowID: newID(), workflowIDReusePolicy: "reject" } as const;
    await library.enqueue(client, options);
    const error = await assertRejects(
      () => library.enqueue(client, options),
      library.WorkflowIDInUseError,
    );
    assertEquals(error.status, "ENQUEUED");
    assertEquals(error.workflowName, "echo");
  },

  async "enqueue() with a deduplication ID that is in use throws an error that names its holder"(
    { library, client },
  ) {
    const options = { ...idleTask, deduplicationID: newID() };
    const holder = await library.enqueue(client, options);
    const error = await assertRejects(
      () => library.enqueue(client, options),
      library.QueueDuplicatedError,
      `workflow ${holder.workflowID} holds the deduplication ID ${options.deduplicationID}`,
    );
    assertEquals(error.existingWorkflowID, holder.workflowID);
    // Deduplication IDs are unique within a queue only.
    await library.enqueue(client, { ...options, queueName: "idle-too" });
  },

  async 'enqueue() with duplicationPolicy "return-existing" returns a handle to the holder'(
    { library, client },
  ) {
    const options = {
      ...idleTask,
      deduplicationID: newID(),
      duplicationPolicy: "return-existing",
    } as const;
    const holder = await library.enqueue(client, options);
    assertEquals((await library.enqueue(client, options)).workflowID, holder.workflowID);
  },

  async "enqueue() gives each of many concurrent calls its own result or error"(target) {
    const { library, client } = target;
    const deduplicationID = newID();
    const usedID = newID();
    await library.enqueue(client, { ...idleTask, workflowName: "other", workflowID: usedID });
    const good = Array.from(
      { length: 40 },
      (_, index) => ({ ...idleTask, workflowID: newID(), index }),
    );
    const outcomes = await Promise.allSettled([
      ...good.map(({ index, ...options }) => library.enqueue(client, options, index)),
      library.enqueue(client, { ...idleTask, workflowID: usedID }),
      library.enqueue(client, { ...idleTask, deduplicationID }),
      library.enqueue(client, { ...idleTask, deduplicationID }),
      // The server rejects a class name of this length. Only this call may fail.
      library.enqueue(client, { ...idleTask, workflowClassName: "C".repeat(300) }),
      // It may be written before the first one, in another statement.
      library.enqueue(client, { ...idleTask, workflowID: good[0]!.workflowID }, good[0]!.index),
    ]);
    const [conflict, holder, duplicate, refused, again] = outcomes.slice(good.length);
    for (const [index, outcome] of outcomes.slice(0, good.length).entries()) {
      assertEquals(outcome.status, "fulfilled");
      const status = await library.getStatus(client, good[index]!.workflowID);
      assertEquals(status?.input, [index]);
    }
    assert(conflict?.status === "rejected");
    assertInstanceOf(conflict.reason, library.ConflictingWorkflowError);
    assertEquals(holder?.status, "fulfilled");
    assert(duplicate?.status === "rejected");
    assertInstanceOf(duplicate.reason, library.QueueDuplicatedError);
    assert(refused?.status === "rejected");
    assert(again?.status === "fulfilled");
    assertEquals(again.value.workflowID, good[0]!.workflowID);
  },

  async "enqueue() runs the workflows of concurrent calls in the order of the calls"(
    { library, client },
  ) {
    const labels = Array.from({ length: 20 }, () => newID());
    const single = { workflowName: "record", queueName: "single" };
    const handles = await Promise.all(
      labels.map((label) => library.enqueue(client, single, label)),
    );
    for (const handle of handles) await handle.getResult({ timeoutSeconds: 60 });
    const recorded = await library.enqueue<string[]>(client, {
      ...single,
      workflowName: "recorded",
    });
    const order = await recorded.getResult({ timeoutSeconds: 600 });
    assertEquals(order.filter((label) => labels.includes(label)), labels);
  },

  async "an error of the server shows its kind, but not the payload"(target) {
    const { library, client, schema, query } = target;
    const workflowName = `refused-${newID()}`;
    const constraint = `"${workflowName}"`;
    await query(
      `alter table ${schema}.workflow_status
      add constraint ${constraint} check (name <> '${workflowName}') not valid`,
    );
    const payload = newID();
    try {
      for (const workflowID of [undefined, newID(), newID()]) {
        const error = await assertRejects(() =>
          library.enqueue(
            client,
            { workflowName, queueName: idleQueue, ...(workflowID && { workflowID }) },
            payload,
          )
        );
        assert(String(error).includes(workflowName));
        assertEquals(sqlStateOf(error), "23514");
        assertEquals(findSecret(error, (text) => text.includes(payload)), undefined);
      }
    } finally {
      await query(`alter table ${schema}.workflow_status drop constraint ${constraint}`);
    }
  },
};
