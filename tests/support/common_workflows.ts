/** Workflows that the official SDK and the test worker run alike. */

/** What the workflows use of either. */
export interface WorkflowMethods {
  readonly workflowID: string | undefined;
  readonly authenticatedUser: string;
  readonly authenticatedRoles: string[];
  sleep(durationMs: number): Promise<void>;
  recv<Message>(topic?: string, timeoutSeconds?: number): Promise<Message | null>;
  setEvent(key: string, value: unknown): Promise<void>;
  writeStream(key: string, value: unknown): Promise<void>;
  closeStream(key: string): Promise<void>;
}

/** A message to the workflow `relay`. */
export interface Relayed {
  values?: unknown[];
  end?: "close" | "return" | "fail";
}

interface Task {
  id: number;
}

class CardError extends Error {
  override name = "CardError";
  code = "declined";
}

type Workflows = Record<string, (...args: never[]) => unknown>;

/** The workflows, by name, with the methods that they use. */
export function createCommonWorkflows(DBOS: WorkflowMethods): Workflows {
  return {
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
    waitForMessage: (topic?: string, timeoutSeconds = 600) => DBOS.recv(topic, timeoutSeconds),
    async publish(key: string, value: unknown) {
      await DBOS.setEvent(key, value);
      return value;
    },
    // The documentation has workers with the following four, and tests/worker.ts lists them.
    async processTask(task: Task) {
      await DBOS.setEvent("progress", 50);
      return `task ${task.id} is done`;
    },
    async reviewTask(task: Task) {
      await DBOS.setEvent("progress", 0);
      await DBOS.writeStream("log", `task ${task.id} has started`);
      const approval = await DBOS.recv<{ approved: boolean }>("approval", 600);
      await DBOS.writeStream("log", `task ${task.id} is approved: ${approval?.approved}`);
      await DBOS.setEvent("progress", 100);
      return approval?.approved ? "published" : "rejected";
    },
    chargeCard(order: Task) {
      throw new CardError(`the card of order ${order.id} was declined`);
    },
    planTask: (task: Task & { due: Date | string }) => ({ task, isDate: task.due instanceof Date }),
    async collect(count: number, topic?: string) {
      const messages = [];
      while (messages.length < count) messages.push(await DBOS.recv(topic, 600));
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
    /** Writes the values it receives to a stream, until a message says how to end. */
    async relay(key: string) {
      for (;;) {
        const { values = [], end } = await DBOS.recv<Relayed>("relay", 600) ?? { end: "fail" };
        for (const value of values) await DBOS.writeStream(key, value);
        if (end === "close") await DBOS.closeStream(key);
        if (end === "fail") throw new Error("broke off");
        if (end) return "done";
      }
    },
    async writeNumbers(key: string, count: number) {
      for (let number = 0; number < count; number++) await DBOS.writeStream(key, number);
      await DBOS.closeStream(key);
    },
  };
}
