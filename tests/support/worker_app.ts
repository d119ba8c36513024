import { ConfiguredInstance, DBOS, type DBOSConfig } from "@dbos-inc/dbos-sdk";
import { createCommonWorkflows } from "./common_workflows.ts";

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
  ...createCommonWorkflows(DBOS),
  /** Its steps return different values each time they run. */
  async takeSteps() {
    const first = await DBOS.runStep(newUUID, { name: "step 0" });
    await DBOS.setEvent("progress", "step 1");
    await DBOS.writeStream("log", "step 2");
    await startChild("echo", "step 3, and its result step 4");
    const message = await DBOS.recv("step 5, and its timeout step 6", 600);
    const second = await DBOS.runStep(newUUID, { name: "step 7" });
    await DBOS.setEvent("progress", "step 8");
    await DBOS.setEvent("late", "step 9");
    await DBOS.closeStream("log");
    return { first, message, second };
  },
  runChild: (name: string, ...args: unknown[]) => startChild(name, ...args),
  async startChildren() {
    const later = { queueName: "tasks", enqueueOptions: { delaySeconds: 1000 } };
    for (;;) await DBOS.startWorkflow(registered.get("nothing")!, later)();
  },
  record: (label: string) => recordedLabels.push(label),
  recorded: () => recordedLabels,
};

const recordedLabels: string[] = [];
const registered = new Map<string, (...args: unknown[]) => Promise<unknown>>();

for (const [name, workflow] of Object.entries(workflows)) {
  const run = async (...args: unknown[]) => await workflow(...args as never[]);
  registered.set(name, DBOS.registerWorkflow(run, { name }));
}

function newUUID(): Promise<string> {
  return Promise.resolve(crypto.randomUUID());
}

/** Starts a child whose ID is that of its parent plus `-child`, and awaits its result. */
async function startChild(name: string, ...args: unknown[]): Promise<unknown> {
  const workflowID = `${DBOS.workflowID}-child`;
  const child = await DBOS.startWorkflow(registered.get(name)!, { workflowID })(...args);
  return await child.getResult();
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
    schedulerPollingIntervalMs: 500,
    // The SDK quotes the name without escaping it.
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
