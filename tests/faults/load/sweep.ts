/** Harms a connection at each message of each kind of call. */
import { callKinds, withNeeds } from "./calls.ts";
import type { CallRecord } from "./load.ts";
import { type Harm, type MessageProxy, startMessageProxy } from "./message_proxy.ts";
import type { Program } from "./program.ts";
import { createRandom, type Random } from "./random.ts";
import { within } from "./within.ts";

export interface SweepOptions {
  readonly url: string;
  readonly seed: number;
  /** The first part of the IDs of its calls. */
  readonly prefix: string;
  /** How many messages lie between two that are harmed. */
  readonly stride: number;
  readonly retryTimeoutSeconds: number;
  readonly maxCallMs: number;
}

export interface Sweep {
  readonly injected: number;
  readonly records: CallRecord[];
}

// In each lane, calls come one after the other.
const lanes = 8;
const maxCloseMs = 10_000;
// Those beside the connection that is harmed: not every driver can close a single one.
const maxConnections = 3;

/** Sweeps all kinds of calls of a driver. */
export async function sweep(program: Program, harm: Harm, options: SweepOptions): Promise<Sweep> {
  const { url, seed, prefix, stride, retryTimeoutSeconds, maxCallMs } = options;
  const records: CallRecord[] = [];
  const kinds = Object.keys(callKinds);
  let injected = 0;
  let lastID = 0;

  async function call(client: number, kind: string, id: string): Promise<void> {
    const record = await within(maxCallMs, program.request("call", client, kind, id));
    records.push(record ?? { kind, id, outcome: "hung" });
  }

  function openClient(proxy: MessageProxy): Promise<number> {
    const options = {
      attemptTimeoutSeconds: 1,
      observabilityQueryTimeoutMs: 1000,
      retryTimeoutSeconds,
      listen: false,
    };
    return program.request("open", { url: proxy.url, maxConnections, options });
  }

  async function close(client: number): Promise<void> {
    // Not every driver can close a pool whose connections were lost.
    await within(maxCloseMs, program.request("close", client)).catch(() => {});
  }

  /**
   * Harms one message after the other, until `run` ends before the next one. It closes the client that
   * `run` has opened.
   */
  async function harmEach(
    proxy: MessageProxy,
    random: Random,
    run: (id: string, start: () => void) => Promise<number | void>,
  ): Promise<void> {
    let hasCome = true;
    for (let skip = random.below(stride); hasCome; skip += stride) {
      const opened = await run(`${prefix}-${++lastID}`, () => proxy.harm(harm, skip, random));
      hasCome = proxy.heal();
      if (hasCome) injected++;
      if (opened !== undefined) await close(opened);
    }
  }

  async function sweepKinds(proxy: MessageProxy, random: Random): Promise<void> {
    const client = await openClient(proxy);
    for (let kind = kinds.pop(); kind !== undefined; kind = kinds.pop()) {
      const needs = withNeeds(kind).slice(0, -1);
      await harmEach(proxy, random, async (id, start) => {
        for (const need of needs) await call(client, need, id);
        start();
        await call(client, kind, id);
      });
    }
    await close(client);
  }

  /** Harms connections while they are opened. */
  async function sweepNewConnections(proxy: MessageProxy, random: Random): Promise<void> {
    await harmEach(proxy, random, async (id, start) => {
      start();
      const client = await within(maxCallMs, openClient(proxy));
      if (client === undefined) records.push({ kind: "enqueue", id, outcome: "hung" });
      else await call(client, "enqueue", id);
      return client;
    });
  }

  async function runLane(lane: number): Promise<void> {
    await using proxy = await startMessageProxy(url);
    const run = lane === 0 ? sweepNewConnections : sweepKinds;
    await run(proxy, createRandom(seed + lane));
  }

  await Promise.all(Array.from({ length: lanes }, (_, lane) => runLane(lane)));
  return { injected, records };
}
