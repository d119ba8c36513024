/** Makes calls without end, and records how each ends. */
import type { Client } from "../../../mod.ts";
import { callKinds, calls, waits, withNeeds } from "./calls.ts";
import { createRandom } from "./random.ts";
import { within } from "./within.ts";

/** A call and its outcome. */
export interface CallRecord {
  readonly kind: string;
  readonly id: string;
  /** It is wrong if it was acknowledged with a result that is not what is in the database. */
  outcome: "acknowledged" | "wrong" | "refused" | "hung";
  /** Why it was refused: the class and the code of the error. */
  error?: string;
  /** The stack of the error, and of its cause. */
  detail?: string;
}

/** How much load there is. */
export interface LoadOptions {
  readonly seed: number;
  /** The first part of the IDs of its calls. */
  readonly prefix: string;
  readonly producers: number;
  readonly waiters: number;
  /** How long a call may take. Waits may take so long after the load has ended. */
  readonly maxCallMs: number;
}

export interface Load {
  /** Settles when so many further calls have been made. */
  progress(count: number): Promise<void>;
  /** Begins no further calls, and returns all once they have settled, or have hung. */
  stop(): Promise<CallRecord[]>;
}

/** Names an error by its class and codes. */
function describe(error: unknown): string {
  const { name, code, errno, fields } = Object(error);
  return [name, code ?? fields?.code, errno].filter(Boolean).join(" ");
}

function stackOf(error: unknown): string {
  const { stack, cause } = error as Error;
  return cause ? `${stack}\nCaused by ${stackOf(cause)}` : `${stack}`;
}

/** Makes a call. */
export async function makeCall(client: Client, kind: string, id: string): Promise<CallRecord> {
  try {
    const result = await callKinds[kind]!.make(client, id);
    return { kind, id, outcome: result === false ? "wrong" : "acknowledged" };
  } catch (error) {
    return { kind, id, outcome: "refused", error: describe(error), detail: stackOf(error) };
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Starts the producers and waiters. */
export function startLoad(client: Client, options: LoadOptions): Load {
  const { seed, prefix, producers, waiters, maxCallMs } = options;
  const records: CallRecord[] = [];
  let settled = 0;
  let isStopping = false;
  let lastID = 0;

  async function call(kind: string, id: string): Promise<CallRecord> {
    // It has hung until it settles.
    const record: CallRecord = { kind, id, outcome: "hung" };
    records.push(record);
    const startedAt = performance.now();
    const outcome = await makeCall(client, kind, id);
    settled++;
    const isLate = !callKinds[kind]!.waits && performance.now() - startedAt > maxCallMs;
    return isLate ? record : Object.assign(record, outcome);
  }

  async function callRepeatedly(
    kinds: readonly string[],
    seed: number,
    maxPauseMs: number,
  ): Promise<void> {
    const random = createRandom(seed);
    while (!isStopping) {
      const id = `${prefix}-${++lastID}`;
      for (const kind of withNeeds(random.pick(kinds))) {
        const { outcome } = await call(kind, id);
        if (outcome !== "acknowledged" || isStopping) break;
      }
      await pause(random.below(maxPauseMs));
    }
  }

  const running = Promise.all([
    ...Array.from({ length: producers }, (_, index) => callRepeatedly(calls, seed + index, 100)),
    ...Array.from({ length: waiters }, (_, index) => callRepeatedly(waits, ~(seed + index), 10)),
  ]);

  return {
    async progress(count) {
      const goal = settled + count;
      while (settled < goal && !isStopping) await pause(10);
    },
    async stop() {
      isStopping = true;
      await within(maxCallMs, running);
      return records;
    },
  };
}
