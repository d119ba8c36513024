/** Tests contracts against a real worker that shares them, and what they refuse without one. */
import { assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import {
  ContractError,
  enqueue,
  followEvents,
  getAllEvents,
  getAllStreamEntries,
  getEvent,
  getResult,
  readStream,
  readStreamOffset,
  retrieveWorkflow,
  send,
  SerializedValue,
  waitEach,
} from "../mod.ts";
import { checked, contracts, type Task } from "./contracts/contracts.ts";
import { collect } from "./support/calls.ts";
import { createTestDatabase } from "./support/database.ts";
import { startPastedWorker } from "./support/pasted_worker.ts";
import { denoCommand } from "./support/run_example.ts";

const worker = new URL("./contracts/worker.ts", import.meta.url).pathname;
const soon = { timeoutSeconds: 600 };

Deno.test("an application and its clients share contracts", async (test) => {
  await using database = await createTestDatabase();
  await using _worker = await startPastedWorker(denoCommand(worker), database.url);
  const client = new pg.Pool({ connectionString: database.url });

  for (const [kind, contract] of Object.entries(contracts)) {
    const { events, messages, streams } = contract;
    const name = kind === "types" ? "a contract of types" : `a contract of ${kind}`;

    await test.step(`${name} works with every kind of call`, async () => {
      const handle = await enqueue(client, { ...contract, workflowID: `${kind}-1` }, { id: 7 });
      assertEquals(await getEvent(client, handle.workflowID, events.progress, soon), 0);
      await send(client, handle.workflowID, { approved: true }, messages.approval);
      assertEquals(await handle.getResult(soon), { published: true });
      assertEquals(await getResult(client, `${kind}-1`, { ...contract, ...soon }), {
        published: true,
      });
      assertEquals(await retrieveWorkflow(client, `${kind}-1`, contract).getResult(soon), {
        published: true,
      });
      const lines: string[] = await collect(readStream(client, `${kind}-1`, streams.log, soon));
      assertEquals(lines, ["task 7 has started"]);
      assertEquals(await getAllEvents(client, `${kind}-1`, contract), { progress: 100 });
      const { log } = await getAllStreamEntries(client, `${kind}-1`, contract);
      assertEquals(log?.entries, [{ offset: 0, value: "task 7 has started" }]);
      assertEquals(await collect(followEvents(client, `${kind}-1`, contract)), [
        { key: "progress", value: 100 },
      ]);
    });
  }

  for (const [kind, contract] of Object.entries(checked)) {
    const { events, messages, streams } = contract;
    const run = async (task: Task) => {
      const handle = await enqueue(client, contract, task);
      await send(client, handle.workflowID, { approved: true }, messages.approval);
      await retrieveWorkflow(client, handle.workflowID).getResult(soon);
      return handle;
    };
    /** Asserts that a call throws an error which names the field, and shows nothing that is secret. */
    const assertRefused = async (field: string, call: () => Promise<unknown>, path: unknown) => {
      const error = await assertRejects(call, ContractError);
      assertEquals(error.workflowName, contract.workflowName);
      assertEquals(error.field, field);
      assertEquals(error.issues.map(({ path }) => path), [path]);
      assertEquals(Deno.inspect(error).includes("secret"), false, Deno.inspect(error));
    };

    await test.step(`a result that ${kind} does not allow is an error`, async () => {
      const handle = await run({ id: 7, writes: "a wrong result" });
      await assertRefused("result", () => handle.getResult(soon), ["published"]);
      await assertRefused("result", () => getResult(client, handle.workflowID, contract), [
        "published",
      ]);
      const [outcome] = await collect(waitEach(client, [handle], soon));
      assertEquals(
        outcome?.status === "SUCCESS" && outcome.result instanceof SerializedValue,
        true,
      );
      // Without the contract nothing is checked.
      assertEquals(await getResult(client, handle.workflowID), { published: "secret result" });
    });

    await test.step(`an event that ${kind} does not allow is an error`, async () => {
      const { workflowID } = await run({ id: 7, writes: "a wrong event" });
      await assertRefused(
        "events.progress",
        () => getEvent(client, workflowID, events.progress),
        [],
      );
      await assertRefused("events.progress", () => getAllEvents(client, workflowID, contract), []);
      await assertRefused(
        "events.progress",
        () => collect(followEvents(client, workflowID, contract)),
        [],
      );
    });

    await test.step(`a value of a stream that ${kind} does not allow is an error`, async () => {
      const { workflowID } = await run({ id: 7, writes: "a wrong value of a stream" });
      const values = readStream(client, workflowID, streams.log, soon);
      assertEquals((await values.next()).value, "task 7 has started");
      await assertRefused("streams.log", () => values.next(), []);
      await assertRefused(
        "streams.log",
        () => readStreamOffset(client, workflowID, streams.log, 1, soon),
        [],
      );
      await assertRefused(
        "streams.log",
        () => getAllStreamEntries(client, workflowID, contract),
        [],
      );
    });
  }
  await client.end();
});
