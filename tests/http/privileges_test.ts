/** Tests that the handlers need the privileges that docs/http.md names, and no others. */
import { assertEquals } from "@std/assert";
import pg from "pg";
import { type Client, createClient, enqueue, getAllNotifications } from "../../mod.ts";
import { enqueueHandler, signalHandler, signalLink, workflowEvents } from "../../src/http/mod.ts";
import { createTestDatabase } from "../support/database.ts";
import { readEventStream } from "../support/event_stream_reader.ts";
import { migrate } from "../support/migrate.ts";
import { applyRoleScript, createRole, openPoolAs } from "../support/roles.ts";

/** A client with the privileges of one script of sql/roles/, and the owner of the tables. */
async function openAs(script: string) {
  const resources = new AsyncDisposableStack();
  const role = resources.use(await createRole());
  const { url } = resources.use(await createTestDatabase());
  const owner = new pg.Pool({ connectionString: url, max: 1 });
  resources.defer(() => owner.end());
  await migrate(owner);
  await applyRoleScript(owner, script, role.name);
  const pool = resources.use(openPoolAs(role.name, url));
  const client: Client = createClient(pool, { retryTimeoutSeconds: 0 });
  return {
    owner,
    role: role.name,
    client,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

for (const script of ["observe", "enqueue_and_wait"]) {
  Deno.test(`workflowEvents() needs what ${script}.sql grants`, async () => {
    await using environment = await openAs(script);
    const { owner, client } = environment;
    await owner.query(`
      insert into dbos.workflow_status (workflow_uuid, status, name, serialization)
      values ('a', 'SUCCESS', 'echo', 'portable_json');
      insert into dbos.workflow_output (workflow_uuid, output) values ('a', '7');
      insert into dbos.workflow_events (workflow_uuid, key, value, serialization)
      values ('a', 'progress', '50', 'portable_json');
      insert into dbos.streams (workflow_uuid, key, value, "offset", function_id, serialization)
      values ('a', 'log', '1', 0, 0, 'portable_json')`);
    for (const fromEnd of [false, true]) {
      const options = { streams: ["log"], result: true, fromEnd };
      const handler = workflowEvents(client, { ...options, authorize: () => true });
      const messages = await readEventStream(await handler(new Request("http://localhost/a")))
        .rest();
      assertEquals(messages.length, fromEnd ? 3 : 4);
      assertEquals(messages.at(-1)!.data, { status: "SUCCESS", output: 7 });
    }
  });
}

Deno.test("enqueueHandler() needs what enqueue.sql grants", async () => {
  await using environment = await openAs("enqueue");
  const handler = enqueueHandler(environment.client, {
    verify: () => ({ deliveryID: "1" }),
    toJob: () => ({ workflowName: "echo", queueName: "idle" }),
  });
  for (let count = 0; count < 2; count++) {
    const request = new Request("http://localhost/", { method: "POST", body: "{}" });
    assertEquals((await handler(request)).status, 202);
  }
});

Deno.test("signalHandler() needs what send.sql and the guide grant", async () => {
  await using environment = await openAs("send");
  const { owner, client, role } = environment;
  const secret = "a secret of 16 characters or more";
  const { workflowID } = await enqueue(owner, { workflowName: "echo", queueName: "idle" });
  const link = await signalLink({ url: "http://localhost/", secret, workflowID, message: 1 });
  const handler = signalHandler(client, { secret, onError() {} });
  const statusOf = async () => (await handler(new Request(link, { method: "POST" }))).status;
  const guide = await Deno.readTextFile(new URL("../../docs/http.md", import.meta.url));
  const grants = guide.match(/^ *grant [^;]*;/gm)!;
  assertEquals(grants.length, 2);
  for (const grant of grants) {
    assertEquals(await statusOf(), 500);
    await owner.query(grant.replace("shop_web", role));
  }
  assertEquals(await statusOf(), 200);
  assertEquals((await getAllNotifications(owner, workflowID)).length, 1);
});
