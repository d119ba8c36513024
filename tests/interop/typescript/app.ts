/** The application of tests/interop/suite.ts in TypeScript, for every release from 3.5.8 on. */
import * as sdk from "@dbos-inc/dbos-sdk";

const { ConfiguredInstance, DBOS } = sdk;

class CustomError extends Error {
  override readonly name = "CustomError";

  constructor(message: string, readonly code?: unknown, readonly data?: unknown) {
    super(message);
  }
}

class Greeter {
  static greet(name: string): Promise<string> {
    return Promise.resolve(`Hello, ${name}`);
  }
}

class Speaker extends ConfiguredInstance {
  speak(name: string): Promise<string> {
    return Promise.resolve(`${this.name}: ${name}`);
  }
}

const workflows: Record<string, (...args: never[]) => unknown> = {
  echo: (...args: unknown[]) => args,
  echoOne: (value: unknown) => value,
  fail(message: string, code?: unknown, data?: unknown) {
    throw new CustomError(message, code, data);
  },
  waitForMessage: (topic?: string) => DBOS.recv(topic, 60),
  async collect(count: number, topic?: string) {
    const messages = [];
    while (messages.length < count) messages.push(await DBOS.recv(topic, 60));
    return messages;
  },
  async publish(key: string, value: unknown) {
    await DBOS.setEvent(key, value);
    return value;
  },
  async writeNumbers(key: string, count: number) {
    for (let number = 0; number < count; number++) await DBOS.writeStream(key, number);
    await DBOS.closeStream(key);
    // Workers of 4.9 fail to write undefined as portable JSON.
    return null;
  },
  whoAmI: () => ({
    user: DBOS.authenticatedUser,
    roles: DBOS.authenticatedRoles,
    workflowID: DBOS.workflowID,
  }),
  /** Its steps return different values each time they run. */
  async takeSteps() {
    const first = await DBOS.runStep(newUUID, { name: "first" });
    const message = await DBOS.recv("steps", 60);
    const second = await DBOS.runStep(newUUID, { name: "second" });
    return { first, message, second };
  },
  async runChild(name: string, ...args: unknown[]) {
    const workflowID = `${DBOS.workflowID}-child`;
    const child = await DBOS.startWorkflow(registered.get(name)!, { workflowID })(...args);
    return await child.getResult();
  },
};

/** JSON in base64, which is asynchronous here. */
const serializer: sdk.DBOSConfig["serializer"] = {
  name: () => "base64_json",
  stringify: (value) => Promise.resolve(btoa(encodeURIComponent(JSON.stringify(value ?? null)))),
  parse: (text) => Promise.resolve(text ? JSON.parse(decodeURIComponent(atob(text))) : null),
};

const registered = new Map<string, (...args: unknown[]) => Promise<unknown>>();

function newUUID(): Promise<string> {
  return Promise.resolve(crypto.randomUUID());
}

for (const [name, workflow] of Object.entries(workflows)) {
  const run = async (...args: unknown[]) => await workflow(...args as never[]);
  // 3.5 reads the number of parameters from the source of the function.
  run.toString = () => `(${Array.from({ length: 20 }, (_, index) => `arg${index}`)}) => {}`;
  registered.set(name, DBOS.registerWorkflow(run, { name }));
}
Greeter.greet = DBOS.registerWorkflow(Greeter.greet, { name: "greet", ctorOrProto: Greeter });
Speaker.prototype.speak = DBOS.registerWorkflow(Speaker.prototype.speak, {
  name: "speak",
  ctorOrProto: Speaker.prototype,
});
new Speaker("french");

// Before 4.17 queues are declared. Before 4.27 the limits of partitions have other names.
const { WorkflowQueue } = sdk as { WorkflowQueue?: new (name: string, options: object) => unknown };
const arePartitionsLimited = !WorkflowQueue || "setPartitionConcurrency" in WorkflowQueue.prototype;
const prioritized = WorkflowQueue && { priorityEnabled: true };
const queues = {
  tasks: {},
  single: { concurrency: 1, workerConcurrency: 1 },
  prioritized: { concurrency: 1, ...prioritized },
  partitioned: arePartitionsLimited
    ? { partitionConcurrency: 1 }
    : { concurrency: 1, partitionQueue: true },
};
const mustDeclare = !("registerQueue" in DBOS);
if (mustDeclare) {
  for (const [name, options] of Object.entries(queues)) new WorkflowQueue!(name, options);
}

const url = Deno.args[0]!;
// Before 4.0 an application also has a database of its own.
const applicationDatabase = { databaseUrl: url };
DBOS.setConfig({
  name: "test-app",
  applicationVersion: "test-1",
  logLevel: "error",
  runAdminServer: false,
  schedulerPollingIntervalMs: 200,
  systemDatabaseUrl: url,
  ...applicationDatabase,
  ...(Deno.env.has("SERIALIZER") && { serializer }),
});
await DBOS.launch();
if (!mustDeclare) {
  for (const [name, options] of Object.entries(queues)) {
    await DBOS.registerQueue(name, { minPollingIntervalMs: 50, ...options });
  }
}
if (Deno.env.has("OWN_SCHEDULE")) {
  await DBOS.createSchedule({
    scheduleName: "own",
    workflowFn: registered.get("echo") as (...args: unknown[]) => Promise<never>,
    schedule: "* * * * * *",
    context: { own: true },
  });
}
const manifest = new URL("../../package.json", import.meta.resolve("@dbos-inc/dbos-sdk"));
const { name, version } = JSON.parse(await Deno.readTextFile(manifest));
console.log(JSON.stringify({ sdk: `${name} ${version}` }));

// The parent process holds the other end, so this process also ends if the parent is killed.
for await (const _ of Deno.stdin.readable);
await DBOS.shutdown();
Deno.exit();
