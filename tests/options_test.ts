import { assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import pg from "pg";
import {
  type Client,
  connect,
  createClient,
  enqueue,
  enqueueMany,
  type EnqueueOptions,
  getAllEvents,
  getResult,
  registerQueue,
  send,
  sendMany,
  updateWorkflowAttributes,
  waitAll,
} from "../mod.ts";
import { type Call, calls } from "./support/calls.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";
import { UnusedPool } from "./support/unused_pool.ts";

const task = { workflowName: "echo", queueName: "tasks" };

/** The error of a call, which must not have sent anything. */
async function errorOf(
  call: Call,
  options: object,
  client: unknown = new UnusedPool(),
): Promise<Error> {
  let thrown = new Error("nothing was thrown");
  try {
    await call(client as Client, options);
  } catch (error) {
    thrown = error as Error;
  }
  if (client instanceof UnusedPool) assertEquals(client.statements, 0, String(thrown));
  return thrown;
}

/** The names of options that a function finds when an object has them in an unusual way. */
function unusualObjects(name: string, value: unknown): Record<string, object> {
  class WithGetter {
    get [name](): unknown {
      return value;
    }
  }
  return {
    "an inherited property": Object.create({ [name]: value }),
    "a property that is not enumerable": Object.defineProperty({}, name, { value }),
    "a getter of a class": new WithGetter(),
    "an object without a prototype": Object.assign(Object.create(null), { [name]: value }),
    "an object that inherits from one without a prototype": Object.create(
      Object.assign(Object.create(null), { [name]: value }),
    ),
    "a Proxy": new Proxy({ [name]: value }, {}),
  };
}

// getStatus() reads the options of its handle.
const nameOf = (name: string) => name === "retrieveWorkflow" ? "getStatus" : name;

for (const [name, call] of Object.entries(calls)) {
  Deno.test(`${name}() refuses an option that does not exist, however an object has it`, async () => {
    for (const [kind, options] of Object.entries(unusualObjects("signall", 1))) {
      const error = await errorOf(call, options);
      assertInstanceOf(error, TypeError, `${kind}: ${error}`);
      assertEquals(
        error.message,
        `Cannot use signall as an option of ${nameOf(name)}(): there is no such option; did you ` +
          "mean signal?",
        kind,
      );
    }
  });

  Deno.test(`${name}() reads an option however an object has it`, async () => {
    const reason = new Error("no longer needed");
    for (const [kind, options] of Object.entries(unusualObjects("signal", 7))) {
      const error = await errorOf(call, options);
      assertEquals(
        error.message,
        `Cannot use a value of type number as signal of ${nameOf(name)}(): expected an AbortSignal`,
        kind,
      );
    }
    for (const options of Object.values(unusualObjects("signal", AbortSignal.abort(reason)))) {
      assertEquals(await errorOf(call, options), reason);
    }
  });

  Deno.test(`${name}() says what to do if its client is none`, async () => {
    const mistakes: [unknown, string][] = [
      [Promise.resolve(new UnusedPool()), "await it first"],
      [{ then: () => {} }, "await it first"],
      [new URL("postgres://user:secret@host/database"), "pass its href to connect()"],
      [pg.Pool, "pass an instance of it, or what it returns"],
      ["postgres://user:secret@host/database", "pass the URL to connect()"],
      [null, "as a client"],
      [{ workflowName: "echo" }, "as a client"],
    ];
    for (const [client, advice] of mistakes) {
      const error = await errorOf(call, {}, client);
      assertInstanceOf(error, TypeError, String(error));
      assertStringIncludes(error.message, advice);
      assertEquals(error.message.includes("secret"), false);
    }
  });
}

Deno.test("a function that gets something else as its options says what it expects", async () => {
  const pool = new UnusedPool();
  // deno-lint-ignore no-explicit-any -- what callers in JavaScript pass
  const untyped = (value: unknown) => value as any;
  for (
    const [call, message] of [
      [() => untyped(getResult)(5), "Cannot use number as a client"],
      [() => untyped(getResult)("task-7", pool), "Cannot use string as a client"],
      [() => getResult(pool, untyped(pool)), "as workflowID of getResult(): expected a string"],
      [
        () => getResult(pool, "id", untyped(5)),
        "as the options of getResult(): expected an object",
      ],
      [() => enqueue(pool, untyped("echo")), "expected an object such as { signal: … }"],
      [
        () => enqueue(pool, untyped(Promise.resolve(task))),
        "Cannot use a Promise as the options of enqueue()",
      ],
      [
        () => enqueue(pool, untyped({ then: () => {} })),
        "Cannot use a Promise as the options of enqueue(): expected an object such as " +
        "{ signal: … }; await it first",
      ],
      [
        () => untyped(createClient)(createClient(pool)),
        "Cannot use a client as the driver of createClient()",
      ],
      [() => enqueue(pool, untyped(null)), "Cannot use null as the options of enqueue()"],
      [() => enqueue(pool, untyped([task])), "Cannot use an array as the options of enqueue()"],
      [() => enqueueMany(pool, untyped(task)), "as jobs of enqueueMany(): expected an array or"],
      [() => enqueueMany(pool, untyped("echo")), "as jobs of enqueueMany(): expected an array or"],
      [
        () => enqueueMany(pool, [untyped({ ...task, args: "one" })]),
        "Cannot use a value of type string as args of jobs[0] of enqueueMany(): expected an array",
      ],
      [
        () => enqueueMany(pool, [task], { onProgress: untyped("console.log") }),
        "as onProgress of enqueueMany(): expected a function",
      ],
      [
        () => sendMany(pool, [untyped({ destinationID: 7, message: 1 })]),
        "as destinationID of messages[0] of sendMany(): expected a string",
      ],
      [
        () => updateWorkflowAttributes(pool, "id", untyped(["paid"])),
        "Cannot use an array as attributes of updateWorkflowAttributes(): expected a plain object",
      ],
      [() => waitAll(pool, [untyped(Promise.resolve())]), "await it first"],
      [() => connect(untyped(pool)), "Pass a driver to createClient()"],
      [() => connect(untyped({ schema: "dbos" })), "options as the second argument"],
      [
        () => registerQueue(pool, "tasks", untyped({ concurrency: 1 })),
        "Cannot use concurrency as an option of registerQueue(): use globalConcurrency instead",
      ],
      [
        () => enqueue(pool, untyped({ ...task, timeoutMS: 5 })),
        "did you mean workflowTimeoutMS?",
      ],
    ] as const
  ) {
    await assertRejects(async () => await call(), TypeError, message);
  }
  assertEquals(pool.statements, 0);
});

Deno.test("an option that is undefined counts as not given, whatever its name", async () => {
  const options = { ...task, priority: undefined, comment: undefined };
  await assertRejects(
    () => enqueue(new UnusedPool(), { ...options, queueName: "" } as never),
    RangeError,
    "queueName of enqueue()",
  );
});

Deno.test("an option is read once, so that the value that is checked is the one that is used", () => {
  let reads = 0;
  const options = {
    get schema() {
      return reads++ === 0 ? "dbos" : "";
    },
  };
  createClient(new UnusedPool(), options);
  assertEquals(reads, 1);
});

Deno.test("options of a class are written like those of a plain object", async () => {
  await using database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  await migrate(pool);
  let readIDs = 0;

  class Task {
    readonly workflowName = "echo";

    get queueName(): string {
      return "tasks";
    }

    get priority(): number {
      return 7;
    }

    get workflowID(): string {
      return readIDs++ === 0 ? "task-7" : "";
    }
  }
  await enqueue(pool, new Task());
  const { rows } = await pool.query(
    "select workflow_uuid, name, queue_name, priority from dbos.workflow_status",
  );
  assertEquals(rows, [
    { workflow_uuid: "task-7", name: "echo", queue_name: "tasks", priority: 7 },
  ]);
  const withInvalid = Object.create({ ...task, priority: -1 }) as EnqueueOptions;
  await assertRejects(() => enqueue(pool, withInvalid), RangeError, "priority of enqueue()");

  const defaults = { topic: "approval", idempotencyKey: "approval-7" };
  for (let i = 0; i < 2; i++) await send(pool, "task-7", "yes", Object.create(defaults));
  const messages = await pool.query("select topic, message_uuid from dbos.notifications");
  assertEquals(messages.rows, [{ topic: "approval", message_uuid: "approval-7::task-7" }]);
  assertEquals(await getAllEvents(pool, "task-7"), {});
  await pool.end();
});
