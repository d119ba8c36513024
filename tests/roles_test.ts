/** Tests what the scripts of sql/roles/ grant, and what a call says that lacks a privilege. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import pg from "pg";
import {
  backfillSchedule,
  connect,
  createClient,
  enqueue,
  enqueueMany,
  getResult,
  InsufficientPrivilegeError,
  send,
} from "../mod.ts";
import { type Call, calls as allCalls } from "./support/calls.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate, newestVersion } from "./support/migrate.ts";
import { psqlVersion } from "./support/psql.ts";
import {
  applyRoleScript,
  createRole,
  openPoolAs,
  type RoleScript,
  roleScripts,
} from "./support/roles.ts";
import { scriptPath } from "./support/scripts.ts";

const dayMs = 86_400_000;

const calls: Record<string, Call> = {
  ...allCalls,
  // For one time at least.
  backfillSchedule: (client) =>
    backfillSchedule(client, "nightly", new Date(0), new Date(2 * dayMs)),
};

const task = { workflowName: "echo", queueName: "tasks" };

const waits = [
  ...["explainWorkflow", "followEvents", "getAllEvents", "getAllStreamEntries", "getEvent"],
  ...["getResult", "readStream", "readStreamOffset", "waitAll", "waitEach", "waitFirst"],
];

/** The functions that each role may call. */
const allowed: Record<RoleScript, readonly string[]> = {
  enqueue: ["enqueue", "enqueueMany"],
  enqueue_and_wait: ["enqueue", "enqueueMany", ...waits],
  send: ["send", "sendMany"],
  observe: [
    ...waits,
    ...["countSteps", "countWorkflows", "describeSystemDatabase", "getLatestApplicationVersion"],
    ...["getSchedule", "getStatus", "iterateWorkflows", "listApplicationVersions"],
    ...["listQueuedWorkflows", "listQueues", "listSchedules", "listWorkflows"],
    ...["listWorkflowSteps", "retrieveQueue", "retrieveWorkflow"],
  ],
  manage: Object.keys(calls),
};

// What the calls of tests/support/calls.ts are about.
const seed = `
  truncate dbos.workflow_status, dbos.workflow_input, dbos.workflow_output, dbos.streams,
    dbos.workflow_events, dbos.queues, dbos.workflow_schedules, dbos.application_versions cascade;
  insert into dbos.workflow_status (workflow_uuid, status, name, inputs, output, serialization)
  values ('a workflow', 'SUCCESS', 'echo', '{"positionalArgs":["secret"]}', '7', 'portable_json');
  insert into dbos.workflow_events (workflow_uuid, key, value, serialization)
  values ('a workflow', 'key', '7', 'portable_json');
  insert into dbos.streams (workflow_uuid, key, value, "offset", function_id, serialization)
  values ('a workflow', 'key', '7', 0, 0, 'portable_json');
  insert into dbos.queues (name) values ('tasks');
  insert into dbos.workflow_schedules
    (schedule_id, schedule_name, workflow_name, schedule, status, context)
  values ('1', 'nightly', 'echo', '0 0 * * *', 'ACTIVE', 'null');
  insert into dbos.application_versions (version_id, version_name) values ('1', '1')`;

/** A role without privileges, and a database with the tables of a version of the schema. */
async function createEnvironment(version = newestVersion) {
  const resources = new AsyncDisposableStack();
  const role = resources.use(await createRole());
  const { url } = resources.use(await createTestDatabase());
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  resources.defer(() => owner.end());
  await migrate(owner, version);
  const pool = resources.use(openPoolAs(role.name, url));
  const client = createClient(pool, { retryTimeoutSeconds: 0 });
  return {
    url,
    owner,
    role: role.name,
    client,
    pool,
    grant: (script: string) => applyRoleScript(owner, script, role.name),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

type Environment = Awaited<ReturnType<typeof createEnvironment>>;

/** Makes a call; returns the error if a privilege is missing. Errors of other kinds are none here. */
async function findMissingPrivilege(
  { owner, client }: Environment,
  call: Call,
): Promise<InsufficientPrivilegeError | undefined> {
  await owner.query(seed);
  try {
    await call(client, {});
  } catch (error) {
    if (error instanceof InsufficientPrivilegeError) return error;
    assert(!/^(42501|25P02)$/.test((error as { code?: string }).code ?? ""), String(error));
  }
}

for (const script of roleScripts) {
  Deno.test(`a role of ${script}.sql may make the calls that are meant for it, and no others`, async () => {
    await using environment = await createEnvironment();
    await environment.grant(script);
    for (const [name, call] of Object.entries(calls)) {
      const error = await findMissingPrivilege(environment, call);
      assertEquals(error === undefined, allowed[script].includes(name), `${name}: ${error}`);
      if (!error) continue;
      assertEquals((error.cause as { code?: string }).code, "42501");
      assert(!Deno.inspect(error).includes("secret"));
    }
  });
}

/** Grants what the errors of a call name, until it works. */
async function grantUntilAllowed(
  environment: Environment,
  name: string,
  grant: (error: InsufficientPrivilegeError) => Promise<void>,
): Promise<void> {
  await environment.owner.query(`drop owned by ${environment.role}`);
  const advice = new Set<string>();
  while (true) {
    const error = await findMissingPrivilege(environment, calls[name]!);
    if (!error) break;
    assert(!advice.has(error.message), `${name}: ${error.message}`);
    advice.add(error.message);
    await grant(error);
  }
  assert(advice.size > 0, name);
}

Deno.test("a call works as soon as the role has the privileges that its errors name", async () => {
  await using environment = await createEnvironment();
  const { owner, role } = environment;
  for (const name of Object.keys(calls)) {
    await grantUntilAllowed(environment, name, async ({ privileges, object }) => {
      await owner.query(`grant ${privileges} on ${object} to ${role}`);
    });
  }
});

Deno.test("an error names the privilege that is missing; in a transaction, those that are needed", async () => {
  await using environment = await createEnvironment();
  const { owner, role, client, pool } = environment;
  await owner.query(`
    grant usage on schema dbos to ${role};
    grant insert on dbos.workflow_status, dbos.workflow_input to ${role}`);
  const enqueueExisting = (client: Parameters<Call>[0]) =>
    assertRejects(() => enqueue(client, { ...task, workflowID: "1" }));
  const error = await enqueueExisting(client);
  assertInstanceOf(error, InsufficientPrivilegeError);
  assertEquals([error.object, ...error.privileges], ["table dbos.workflow_status", "SELECT"]);
  assertEquals(error.script, "sql/roles/enqueue.sql");
  assert(error.message.includes("SELECT") && error.message.includes(error.script), error.message);

  const transaction = await pool.connect();
  await transaction.query("begin");
  const inTransaction = await enqueueExisting(transaction);
  assertInstanceOf(inTransaction, InsufficientPrivilegeError);
  assertEquals(inTransaction.privileges, ["INSERT", "SELECT"]);
  await transaction.query("rollback");
  transaction.release();
});

Deno.test("a call works as soon as the role has the scripts that its errors name", async () => {
  await using environment = await createEnvironment();
  for (const name of Object.keys(calls)) {
    await grantUntilAllowed(environment, name, async ({ script }) => {
      await environment.grant(script.replace(/^sql\/roles\/(.*)\.sql$/, "$1"));
    });
  }
});

const everyOption = {
  ...task,
  workflowClassName: "Class",
  workflowConfigName: "instance",
  authenticatedUser: "ann",
  assumedRole: "admin",
  authenticatedRoles: ["admin"],
  priority: 1,
  delaySeconds: 1,
  attributes: { paid: true },
  appVersion: "1",
  applicationName: "shop",
  workflowTimeoutMS: 1000,
};

/** Calls that need all that a script grants. */
function thoroughCalls(script: string, { pool }: Environment): Call[] {
  if (script === "send") {
    return [
      (client) => send(client, "a workflow", 1, { idempotencyKey: "once", sendToForks: true }),
    ];
  }
  async function enqueueInTransaction(): Promise<void> {
    const connection = await pool.connect();
    try {
      await connection.query("begin");
      await enqueue(connection, { ...everyOption, workflowID: crypto.randomUUID() });
    } finally {
      await connection.query("rollback");
      connection.release();
    }
  }
  return [
    enqueueInTransaction,
    (client) => enqueueMany(client, [{ ...everyOption, deduplicationID: "one" }]),
    ...(script === "enqueue" ? [] : waits.map((name) => allCalls[name]!)),
  ];
}

for (const script of ["enqueue", "enqueue_and_wait", "send"]) {
  Deno.test(`${script}.sql grants nothing that its calls do not need`, async () => {
    await using environment = await createEnvironment();
    const { owner, role, grant } = environment;
    await grant(script);
    const { rows } = await owner.query(
      `select format('%s (%I) on dbos.%I', privilege_type, attname, relname) as privilege
      from pg_attribute
      join pg_class on pg_class.oid = attrelid
      cross join aclexplode(attacl)
      where grantee = $1::regrole`,
      [role],
    );
    assert(rows.length > 5);
    for (const { privilege } of rows) {
      await owner.query(`revoke ${privilege} from ${role}`);
      let isRefused = false;
      for (const call of thoroughCalls(script, environment)) {
        isRefused ||= await findMissingPrivilege(environment, call) !== undefined;
      }
      assert(isRefused, privilege);
      await owner.query(`grant ${privilege} to ${role}`);
    }
  });
}

Deno.test("a role that may only enqueue can read no payload, and change or delete nothing", async () => {
  await using environment = await createEnvironment();
  await environment.grant("enqueue");
  await environment.owner.query(seed);
  const { rows } = await environment.owner.query(
    `select table_name || '.' || column_name as name
    from information_schema.columns
    where table_schema = 'dbos'
      and has_column_privilege($1, 'dbos.' || table_name, column_name, 'select')
    order by name`,
    [environment.role],
  );
  assertEquals(rows.map((row: Record<string, string>) => row.name), [
    "workflow_input.workflow_uuid",
    ...["class_name", "config_name", "created_at", "creator_xid", "deduplication_id", "name"]
      .map((column) => `workflow_status.${column}`),
    ...["queue_name", "status", "workflow_uuid"].map((column) => `workflow_status.${column}`),
  ]);
  const tables = ["workflow_status", "workflow_input", "workflow_output", "workflow_events"];
  for (const table of [...tables, "streams", "notifications", "operation_outputs"]) {
    for (
      const statement of [
        `select * from dbos.${table}`,
        `delete from dbos.${table}`,
        `update dbos.${table} set workflow_uuid = workflow_uuid`.replace(
          /(notifications.*)workflow_uuid = workflow_uuid/,
          "$1message = message",
        ),
      ]
    ) {
      const refusal = await assertRejects(() => environment.pool.query(statement));
      assertEquals((refusal as { code?: string }).code, "42501", statement);
    }
  }
  const inputs = "select inputs from dbos.workflow_status";
  await assertRejects(() => environment.pool.query(inputs), Error, "permission denied");
});

Deno.test("a role that may only enqueue uses every option, and learns what is in the way", async () => {
  await using environment = await createEnvironment();
  await environment.grant("enqueue");
  const { client, owner } = environment;
  await enqueue(client, { ...everyOption, workflowID: "1", deduplicationID: "one" }, 7);
  const outcomes = await enqueueMany(client, [
    { ...task, workflowID: "1" },
    { ...task, workflowID: "2", args: [7] },
    { ...task, deduplicationID: "one" },
  ]);
  assertEquals(outcomes.map(({ outcome }) => outcome), ["conflicting", "enqueued", "deduplicated"]);
  const { rows } = await owner.query(
    "select inputs from dbos.workflow_input where workflow_uuid = '2'",
  );
  assertEquals(JSON.parse(rows[0].inputs).positionalArgs, [7]);
});

for (const isInTransaction of [false, true]) {
  const where = isInTransaction ? ", in a transaction" : "";
  Deno.test(`inputs that a deleted workflow left behind are replaced, all or none${where}`, async () => {
    await using environment = await createEnvironment();
    const { owner, pool, grant } = environment;
    await owner.query("insert into dbos.workflow_input values ('1', 'old'), ('2', 'old')");
    const jobs = ["1", "2", "3"].map((workflowID) => ({ ...task, workflowID, args: [workflowID] }));
    const count = async () => (await owner.query("select from dbos.workflow_status")).rowCount;
    const enqueueAll = async () => {
      const connection = await pool.connect();
      try {
        if (isInTransaction) await connection.query("begin");
        const outcomes = await enqueueMany(connection, jobs, { atomic: true });
        if (isInTransaction) await connection.query("commit");
        return outcomes.map(({ outcome }) => outcome);
      } finally {
        await connection.query("rollback");
        connection.release();
      }
    };

    await grant("enqueue");
    const refusal = await assertRejects(enqueueAll);
    assertInstanceOf(refusal, InsufficientPrivilegeError);
    assertEquals(refusal.object, "table dbos.workflow_input");
    assert(refusal.privileges.includes("UPDATE"));
    assertEquals(await count(), 0);

    await grant("manage");
    assertEquals(await enqueueAll(), ["enqueued", "enqueued", "enqueued"]);
    const { rows } = await owner.query(
      "select inputs from dbos.workflow_input order by workflow_uuid",
    );
    const args = rows.map((row: { inputs: string }) => JSON.parse(row.inputs).positionalArgs[0]);
    assertEquals(args, ["1", "2", "3"]);
  });
}

Deno.test("the scripts fit older schemas, and grant what is new when they run again", async () => {
  await using environment = await createEnvironment(24);
  const { owner, url, role, grant } = environment;
  for (const version of [24, 33, 66, 108, 114, newestVersion]) {
    await migrate(owner, version);
    await owner.query(`drop owned by ${role}`);
    for (const script of roleScripts) await grant(script);
    await owner.query(`drop owned by ${role}`);
    await using pool = openPoolAs(role, url);
    const serializationType = version >= 33 ? "portable" : "native";
    await using client = createClient(pool, { retryTimeoutSeconds: 0, serializationType });
    await grant("enqueue_and_wait");
    await enqueue(client, { ...task, workflowID: `${version}` }, 7);
    await enqueue(client, { ...task, workflowID: `${version}` }, 7);
    await enqueue(client, task, 7);
    await owner.query("update dbos.workflow_status set status = 'SUCCESS', output = '7'");
    await getResult(client, `${version}`).catch((error) => {
      if (error instanceof InsufficientPrivilegeError) throw error;
    });
    await owner.query(`drop owned by ${role}`);
    await grant("send");
    await send(client, `${version}`, 7, { idempotencyKey: "once" });
    await send(client, `${version}`, 7, { idempotencyKey: "once" });
    const messages = "select from dbos.notifications where destination_uuid = $1";
    assertEquals((await owner.query(messages, [`${version}`])).rowCount, 1);
  }
});

Deno.test({
  name: "the commands of the guide to deploying create a role that may enqueue, and not wait",
  ignore: psqlVersion === undefined,
  async fn() {
    await using environment = await createEnvironment();
    const { owner, url } = environment;
    const guide = await Deno.readTextFile(new URL("../docs/deploying.md", import.meta.url));
    const [, commands = ""] = /^```sh\n([^]*?)^```$/m.exec(guide) ?? [];
    // All databases of a server have the same roles.
    const role = `shop_web_${crypto.randomUUID().slice(0, 8)}`;
    const { success, stderr } = await new Deno.Command("sh", {
      args: ["-ec", commands.replaceAll("shop_web", role)],
      cwd: fileURLToPath(new URL("../", import.meta.url)),
      env: { DBOS_SYSTEM_DATABASE_URL: url },
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    try {
      const ofRole = Object.assign(new URL(url), { username: role, password: "secret" });
      await using client = await connect(ofRole.href);
      const handle = await enqueue(client, task, 7);
      await assertRejects(() => handle.getResult(), InsufficientPrivilegeError);
    } finally {
      await owner.query(`drop owned by ${role}; drop role ${role}`);
    }
  },
});

Deno.test({
  name: "psql applies the scripts as their comments say",
  ignore: psqlVersion === undefined,
  async fn() {
    await using environment = await createEnvironment();
    const { owner, url, role, grant } = environment;
    const readGrants = async () => {
      const { rows } = await owner.query(`
        select relname, coalesce(relacl, acldefault('r', relowner))::text as table_grants,
          array_agg(attname || ' ' || attacl::text order by attname) as column_grants
        from pg_class join pg_attribute on attrelid = pg_class.oid
        where relnamespace = 'dbos'::regnamespace group by pg_class.oid order by relname`);
      return rows;
    };
    for (const script of roleScripts) {
      await owner.query(`drop owned by ${role}`);
      await grant(script);
      const expected = await readGrants();
      await owner.query(`drop owned by ${role}`);
      const { success, stderr } = await new Deno.Command("psql", {
        args: [
          ...["--no-psqlrc", "-v", "schema=dbos", "-v", `role=${role}`],
          ...["-f", fileURLToPath(scriptPath(`roles/${script}`)), url],
        ],
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      assertEquals(await readGrants(), expected, script);
    }
  },
});
