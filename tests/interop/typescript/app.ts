/** The application of tests/interop/suite.ts in TypeScript. */
import { ConfiguredInstance, DBOS } from "@dbos-inc/dbos-sdk";
import config from "../../../deno.json" with { type: "json" };

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
  },
  whoAmI: () => ({
    user: DBOS.authenticatedUser,
    roles: DBOS.authenticatedRoles,
    workflowID: DBOS.workflowID,
  }),
  /** What its steps give differs each time that they run. */
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

const registered = new Map<string, (...args: unknown[]) => Promise<unknown>>();

function newUUID(): Promise<string> {
  return Promise.resolve(crypto.randomUUID());
}

for (const [name, workflow] of Object.entries(workflows)) {
  const run = async (...args: unknown[]) => await workflow(...args as never[]);
  registered.set(name, DBOS.registerWorkflow(run, { name }));
}
Greeter.greet = DBOS.registerWorkflow(Greeter.greet, { name: "greet", ctorOrProto: Greeter });
Speaker.prototype.speak = DBOS.registerWorkflow(Speaker.prototype.speak, {
  name: "speak",
  ctorOrProto: Speaker.prototype,
});
new Speaker("french");

DBOS.setConfig({
  name: "test-app",
  applicationVersion: "test-1",
  logLevel: "error",
  runAdminServer: false,
  systemDatabaseUrl: Deno.args[0]!,
});
await DBOS.launch();
const limits = {
  tasks: {},
  single: { globalConcurrency: 1, workerConcurrency: 1 },
  prioritized: { globalConcurrency: 1 },
  partitioned: { partitionConcurrency: 1 },
};
for (const [name, options] of Object.entries(limits)) {
  await DBOS.registerQueue(name, { minPollingIntervalMs: 50, ...options });
}
const sdk = config.imports["@dbos-inc/dbos-sdk"].replace(/^npm:(.*)@/, "$1 ");
console.log(JSON.stringify({ sdk }));

// The parent holds the other end: whatever becomes of it, this process ends as well.
for await (const _ of Deno.stdin.readable);
await DBOS.shutdown();
Deno.exit();
