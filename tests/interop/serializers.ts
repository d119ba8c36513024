/** Tests that a client and a worker that have the same serializer of their own read each other. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import pg from "pg";
import {
  connect,
  createSchedule,
  type DBOSSerializer,
  enqueue,
  type EnqueueOptions,
  getAllEvents,
  getEvent,
  getResult,
  getSchedule,
  getStatus,
  listWorkflowSteps,
  readStream,
  retrieveWorkflow,
  send,
  SerializedValue,
  triggerSchedule,
  UnsupportedSerializationError,
  type WorkflowArg,
  WorkflowError,
} from "../../mod.ts";
import { createTestDatabase } from "../support/database.ts";
import type { Language } from "./languages.ts";
import { startApplication } from "./start_application.ts";

const timeout = { timeoutSeconds: 600 };
const format = "base64_json";

/** What the applications have with the variable SERIALIZER: base64 of JSON, asynchronous here. */
const serializer: DBOSSerializer = {
  name: () => format,
  stringify: (value) => Promise.resolve(btoa(encodeURIComponent(JSON.stringify(value)))),
  parse: (text) => Promise.resolve(JSON.parse(decodeURIComponent(atob(text)))),
};

/** Tests arguments, results, errors, events, messages, streams, steps and schedules. */
export async function verifySerializer(language: Language): Promise<void> {
  const { command, argsFormat, scheduled } = language;
  await using database = await createTestDatabase();
  await using _application = await startApplication(command, database.url, {
    SERIALIZER: "1",
    OWN_SCHEDULE: "1",
  });
  await using client = await connect(database.url, {
    serializer: { ...serializer, ...(argsFormat && { argsFormat }) },
  });
  await using plain = await connect(database.url);
  const pool = new pg.Pool({ connectionString: database.url });
  await using _pool = { [Symbol.asyncDispose]: () => pool.end() };

  const start = (options: Omit<EnqueueOptions, "queueName">, ...args: WorkflowArg[]) =>
    enqueue(
      client,
      { queueName: "tasks", ...language.enqueueOptions?.(args), ...options },
      ...args,
    );

  /** The formats that a table has for a workflow. */
  async function formatsIn(table: string, id: string, workflowID: string): Promise<string[]> {
    const { rows } = await pool.query(
      `select distinct serialization from dbos.${table} where ${id} = $1 order by 1`,
      [workflowID],
    );
    return rows.map((row: { serialization: string }) => row.serialization);
  }

  async function formatOf(workflowID: string): Promise<string[]> {
    return await formatsIn("workflow_status", "workflow_uuid", workflowID);
  }

  const value = { text: "ünï 😀", list: [1, null, { a: true }] };

  const echo = await start({ workflowName: "echo" }, value, "second");
  assertEquals(await echo.getResult(timeout), [value, "second"]);
  const status = await getStatus(client, echo.workflowID);
  assertEquals([status?.input, status?.output], [[value, "second"], [value, "second"]]);
  assertEquals(await formatOf(echo.workflowID), [format]);

  // A client without the serializer sees that there is a value, and does not fail at the others.
  await assertRejects(
    () => getResult(plain, echo.workflowID, timeout),
    UnsupportedSerializationError,
    `unknown serialization format ${format}`,
  );
  const unread = await getStatus(plain, echo.workflowID);
  assertInstanceOf(unread?.input, SerializedValue);
  assertInstanceOf(unread?.output, SerializedValue);

  const fail = await start({ workflowName: "fail" }, "broke", 7, value);
  const error = await assertRejects(() => fail.getResult(timeout), WorkflowError, "broke");
  assertEquals([error.name, error.code, error.data], ["CustomError", 7, value]);
  assertEquals(((await getStatus(client, fail.workflowID))?.error as Error).message, "broke");
  assertEquals(await formatOf(fail.workflowID), [format]);

  const publish = await start({ workflowName: "publish" }, "key", value);
  assertEquals(await getEvent(client, publish.workflowID, "key", timeout), value);
  assertEquals(await publish.getResult(timeout), value);
  assertEquals(await getAllEvents(client, publish.workflowID), { key: value });
  assertEquals(await formatsIn("workflow_events", "workflow_uuid", publish.workflowID), [format]);

  const write = await start({ workflowName: "writeNumbers" }, "numbers", 3);
  const numbers = readStream(client, write.workflowID, "numbers", timeout);
  assertEquals(await Array.fromAsync(numbers), [0, 1, 2]);
  // Java 1.1 writes streams in its native format all the same. All close them with portable JSON.
  const streamFormat = language.nativeFormat === "java_jackson" ? language.nativeFormat : format;
  assertEquals(
    await formatsIn("streams", "workflow_uuid", write.workflowID),
    [streamFormat, "portable_json"],
  );

  const wait = await start({ workflowName: "waitForMessage" }, "topic");
  await send(client, wait.workflowID, value, { topic: "topic" });
  assertEquals(await formatsIn("notifications", "destination_uuid", wait.workflowID), [format]);
  assertEquals(await wait.getResult(timeout), value);

  const steps = await start({ workflowName: "takeSteps" });
  await send(client, steps.workflowID, value, { topic: "steps" });
  const { message } = await steps.getResult(timeout) as { message: unknown };
  assertEquals(message, value);
  const outputs = (await listWorkflowSteps(client, steps.workflowID))!.map(({ output }) => output);
  assert(outputs.every((output) => !(output instanceof SerializedValue)));
  assert(outputs.some((output) => JSON.stringify(output) === JSON.stringify(value)));

  // Where the portable format is asked for, the serializer has no part.
  const portable = await start({ workflowName: "echo", serializationType: "portable" }, value);
  assertEquals(await getResult(plain, portable.workflowID, timeout), [value]);
  assertEquals(await formatOf(portable.workflowID), ["portable_json"]);
  const waitPortable = await start({ workflowName: "waitForMessage" }, "topic");
  const options = { topic: "topic", serializationType: "portable" } as const;
  await send(client, waitPortable.workflowID, value, options);
  assertEquals(await waitPortable.getResult(timeout), value);

  // The application's own schedule, and one of the client that the application reads too.
  assertEquals((await getSchedule(client, "own"))?.context, { own: true });
  const { workflowName, contextOf } = scheduled ??
    { workflowName: "echo", contextOf: (args: unknown) => (args as unknown[])[1] };
  await createSchedule(client, {
    scheduleName: "shared",
    workflowName,
    schedule: "* * * * * *",
    context: value,
    ...language.enqueueOptions?.(["time", "context"]),
  });
  assertEquals((await getSchedule(client, "shared"))?.context, value);
  const triggered = await triggerSchedule(client, "shared");
  assertEquals(contextOf(await triggered.getResult(timeout)), value);
  for (const name of ["own", "shared"]) {
    const run = await untilFired(pool, name);
    const result = await retrieveWorkflow(client, run).getResult(timeout);
    assertEquals(contextOf(result), name === "own" ? { own: true } : value);
    assertEquals((await getStatus(client, run))?.input, result);
  }
}

/** Waits until the scheduler of the worker has run a schedule, and returns the ID of the run. */
async function untilFired(pool: pg.Pool, name: string): Promise<string> {
  for (;;) {
    const { rows: [row] } = await pool.query(
      "select workflow_uuid as id from dbos.workflow_status where workflow_uuid ~ $1 limit 1",
      [`^sched-${name}-\\d`],
    );
    if (row) return row.id;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
