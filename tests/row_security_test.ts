/** Tests calls of a role from which row-level security hides rows. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import pg from "pg";
import {
  applySchedules,
  createClient,
  createSchedule,
  debounce,
  enqueue,
  enqueueMany,
  forkWorkflow,
  HiddenRowError,
  InsufficientPrivilegeError,
  NonExistentWorkflowError,
  registerQueue,
  ScheduleExistsError,
  send,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";
import { applyRoleScript, createRole, openPoolAs } from "./support/roles.ts";

// Hides what is called hidden, and refuses what is called refused.
const policies = `
  alter table dbos.workflow_status enable row level security;
  create policy shown on dbos.workflow_status
    using (name <> 'hidden') with check (name <> 'refused');
  alter table dbos.notifications enable row level security;
  create policy shown on dbos.notifications using (topic <> 'hidden') with check (true);
  alter table dbos.workflow_schedules enable row level security;
  create policy shown on dbos.workflow_schedules
    using (workflow_name <> 'hidden') with check (true);
  alter table dbos.queues enable row level security;
  create policy shown on dbos.queues using (concurrency is null) with check (true)`;

const hiddenRows = `
  insert into dbos.workflow_status
    (workflow_uuid, status, name, queue_name, deduplication_id, is_debounced)
  values ('hidden', 'ENQUEUED', 'hidden', 'tasks', 'hidden', false),
    ('debounced', 'DELAYED', 'hidden', 'tasks', '.echo-key', true),
    ('shown', 'PENDING', 'echo', null, null, false);
  insert into dbos.workflow_input (workflow_uuid, inputs) values ('hidden', 'secret');
  insert into dbos.notifications (message_uuid, destination_uuid, topic, message)
  values ('once::shown', 'shown', 'hidden', '1');
  insert into dbos.workflow_schedules
    (schedule_id, schedule_name, workflow_name, schedule, status, context)
  values ('1', 'nightly', 'hidden', '0 0 * * *', 'ACTIVE', 'null');
  insert into dbos.queues (name, concurrency) values ('hidden', 1)`;

async function createEnvironment(script: string) {
  const resources = new AsyncDisposableStack();
  const role = resources.use(await createRole());
  const { url } = resources.use(await createTestDatabase());
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  resources.defer(() => owner.end());
  await migrate(owner);
  await owner.query(policies);
  await owner.query(hiddenRows);
  await applyRoleScript(owner, script, role.name);
  const pool = resources.use(openPoolAs(role.name, url));
  const texts: string[] = [];
  const recordingPool = {
    totalCount: 0,
    options: { max: 2 },
    connect: () => pool.connect(),
    query(query: { text: string }) {
      texts.push(query.text);
      return pool.query(query);
    },
  };
  return {
    owner,
    client: resources.use(createClient(recordingPool, { retryTimeoutSeconds: 0 })),
    /** The statements that the client has sent. */
    texts,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const task = { workflowName: "echo", queueName: "tasks" };

for (const script of ["enqueue", "manage"]) {
  Deno.test(`an ID that a hidden workflow has is reported at once: ${script}.sql`, async () => {
    await using environment = await createEnvironment(script);
    const { client, owner, texts } = environment;
    for (const options of [{ workflowID: "hidden" }, { deduplicationID: "hidden" }]) {
      texts.length = 0;
      const call = enqueue(client, { ...task, ...options });
      const error = await assertRejects(() => call, HiddenRowError);
      assert(error.message.includes("row-level security"), error.message);
      // The insert is sent twice; before that, the schema is read.
      assert(texts.length <= 4, `${texts.length} statements`);
    }
    const outcomes = await enqueueMany(client, [
      { ...task, workflowID: "hidden" },
      { ...task, workflowID: "new" },
      { ...task, deduplicationID: "hidden" },
    ]);
    assertEquals(outcomes.map(({ outcome }) => outcome), [
      "conflicting",
      "enqueued",
      "conflicting",
    ]);
    assertInstanceOf(outcomes[0]!.error, HiddenRowError);
    assert(outcomes[0]!.error.message.includes("hidden"));
    const inputs = "select inputs from dbos.workflow_input where workflow_uuid = 'hidden'";
    assertEquals((await owner.query(inputs)).rows, [{ inputs: "secret" }]);
  });
}

Deno.test("a name or key that a hidden row has is reported at once", async () => {
  await using environment = await createEnvironment("manage");
  const { client, owner, texts } = environment;
  const calls: Record<string, () => Promise<unknown>> = {
    debounce: () => debounce(client, task, "key", 1000),
    forkWorkflow: () => forkWorkflow(client, "shown", 0, { newWorkflowID: "hidden" }),
    registerQueue: () => registerQueue(client, "hidden", { onConflict: "never_update" }),
  };
  for (const [name, call] of Object.entries(calls)) {
    texts.length = 0;
    await assertRejects(call, HiddenRowError, "row-level security", name);
    assert(texts.length <= 8, `${name}: ${texts.length} statements`);
  }
  const schedule = { scheduleName: "nightly", workflowName: "echo", schedule: "@daily" };
  await assertRejects(() => createSchedule(client, schedule), ScheduleExistsError);
  const refusal = await assertRejects(() => applySchedules(client, [schedule]), Error, "row-level");
  assert(!(refusal instanceof InsufficientPrivilegeError));

  // It was delivered before.
  await send(client, "shown", 1, { idempotencyKey: "once" });
  assertEquals((await owner.query("select from dbos.notifications")).rowCount, 1);
});

Deno.test("a message to a hidden workflow is refused and not written, alone and with others", async () => {
  await using environment = await createEnvironment("send");
  const { client, owner } = environment;
  await assertRejects(() => send(client, "hidden", 1), NonExistentWorkflowError);
  const calls = [send(client, "hidden", 2), send(client, "shown", 3)];
  const results = await Promise.allSettled(calls);
  assertEquals(results.map(({ status }) => status), ["rejected", "fulfilled"]);
  const { rows } = await owner.query(
    "select destination_uuid from dbos.notifications where topic <> 'hidden' or topic is null",
  );
  assertEquals(rows, [{ destination_uuid: "shown" }]);
});

Deno.test("a row that a policy refuses does not keep others of its statement from being written", async () => {
  await using environment = await createEnvironment("enqueue");
  const { client } = environment;
  const workflowNames = ["echo", "refused", "echo", "refused", "echo"];
  const calls = workflowNames.map((workflowName) => enqueue(client, { ...task, workflowName }));
  const results = await Promise.allSettled(calls);
  assertEquals(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled", "rejected", "fulfilled"],
  );
  for (const result of results) {
    if (result.status === "fulfilled") continue;
    assert(!(result.reason instanceof InsufficientPrivilegeError));
    assert(/row-level security policy for table/.test(result.reason.message));
    assertEquals(result.reason.code, "42501");
  }
});
