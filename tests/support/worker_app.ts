import { ConfiguredInstance, DBOS, type DBOSConfig } from "@dbos-inc/dbos-sdk";

export interface AppOptions {
  systemDatabaseUrl?: string;
  systemDatabasePool?: DBOSConfig["systemDatabasePool"];
  /** @default {"dbos"} */
  schema?: string;
  /** @default {"test-1"} */
  applicationVersion?: string;
  /** @default {"test-app"} */
  name?: string;
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
  sum: (a: number, b: number) => a + b,
  nothing: () => undefined,
  fail(message: string, code?: string | number, data?: unknown) {
    throw Object.assign(new Error(message), { name: "CustomError", code, data });
  },
  async sleepFor(durationMs: number) {
    await DBOS.sleep(durationMs);
    return "slept";
  },
  waitForMessage: (topic?: string, timeoutSeconds?: number) => DBOS.recv(topic, timeoutSeconds),
  async publish(key: string, value: unknown) {
    await DBOS.setEvent(key, value);
    return value;
  },
  async publishThenWait(key: string, value: unknown, topic: string) {
    await DBOS.setEvent(key, value);
    return await DBOS.recv(topic, 60);
  },
  async collect(count: number, topic?: string) {
    const messages = [];
    while (messages.length < count) messages.push(await DBOS.recv(topic, 60));
    return messages;
  },
  echoNative: () => ({
    date: new Date("2026-01-02T03:04:05.678Z"),
    map: new Map([["one", 1]]),
    set: new Set(["a", "b"]),
    bigint: 12345678901234567890n,
    undefined: undefined,
  }),
  whoAmI: () => ({
    user: DBOS.authenticatedUser,
    roles: DBOS.authenticatedRoles,
    workflowID: DBOS.workflowID,
  }),
  record: (label: string) => recordedLabels.push(label),
  recorded: () => recordedLabels,
};

const recordedLabels: string[] = [];

for (const [name, workflow] of Object.entries(workflows)) {
  DBOS.registerWorkflow(async (...args: never[]) => await workflow(...args), { name });
}
Greeter.greet = DBOS.registerWorkflow(Greeter.greet, { name: "greet", ctorOrProto: Greeter });
Speaker.prototype.speak = DBOS.registerWorkflow(Speaker.prototype.speak, {
  name: "speak",
  ctorOrProto: Speaker.prototype,
});
new Speaker("french");

/** Launches the test application in this process, with its queues polled every 50 ms. */
export async function launchApp(options: AppOptions): Promise<void> {
  const { schema = "dbos", ...config } = options;
  DBOS.setConfig({
    name: "test-app",
    applicationVersion: "test-1",
    logLevel: "error",
    runAdminServer: false,
    // The SDK puts the name between quotes as it is.
    systemDatabaseSchemaName: schema.replaceAll('"', '""'),
    ...config,
  });
  await DBOS.launch();
  const minPollingIntervalMs = 50;
  await DBOS.registerQueue("tasks", { minPollingIntervalMs });
  await DBOS.registerQueue("single", {
    minPollingIntervalMs,
    globalConcurrency: 1,
    workerConcurrency: 1,
  });
  await DBOS.registerQueue("prioritized", { minPollingIntervalMs, globalConcurrency: 1 });
  await DBOS.registerQueue("partitioned", { minPollingIntervalMs, partitionConcurrency: 1 });
}

export async function shutdownApp(): Promise<void> {
  await DBOS.shutdown();
}
