/**
 * The side of a program under load: takes requests from stdin, one a line, and writes the responses
 * to stdout. So a driver runs in a process of its own, as it does in a program of a user.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import type { Client, ClientOptions } from "../../../mod.ts";
import { type CallRecord, type Load, type LoadOptions, makeCall, startLoad } from "./load.ts";

/** What a program opens. */
export interface ClientSettings {
  readonly url: string;
  readonly maxConnections: number;
  readonly options: ClientOptions;
}

export interface OpenClient {
  readonly client: Client;
  close(): Promise<unknown>;
}

/** Opens a client of a driver. */
export type OpenDriver = (settings: ClientSettings) => OpenClient | Promise<OpenClient>;

const RealDate = Date;
let clockShiftMs = 0;

// Not the clock that measures durations: that of a machine does not jump either.
globalThis.Date = class extends RealDate {
  constructor(...args: [number]) {
    super(...(args.length > 0 ? args : [RealDate.now() + clockShiftMs]) as [number]);
  }
  static override now(): number {
    return RealDate.now() + clockShiftMs;
  }
} as DateConstructor;

/** What can be requested of a program. Clients are numbered. */
export interface Methods {
  /** The name and version of the runtime. */
  runtime(): string;
  open(settings: ClientSettings): Promise<number>;
  close(client: number): Promise<void>;
  call(client: number, kind: string, id: string): Promise<CallRecord>;
  startLoad(client: number, options: LoadOptions): void;
  progress(count: number): Promise<void>;
  stopLoad(): Promise<CallRecord[]>;
  shiftClock(ms: number): void;
}

function createMethods(open: OpenDriver): Methods {
  const clients: OpenClient[] = [];
  let load: Load | undefined;
  return {
    runtime() {
      const { bun, deno } = process.versions;
      return bun ? `Bun ${bun}` : `Deno ${deno}`;
    },
    open: async (settings) => clients.push(await open(settings)) - 1,
    async close(client) {
      await clients[client]!.close();
    },
    call: (client, kind, id) => makeCall(clients[client]!.client, kind, id),
    startLoad(client, options) {
      load = startLoad(clients[client]!.client, options);
    },
    progress: (count) => load!.progress(count),
    stopLoad: () => load!.stop(),
    shiftClock(ms) {
      clockShiftMs = ms;
    },
  };
}

/** Serves until stdin ends. */
export async function serve(open: OpenDriver): Promise<never> {
  // deno-lint-ignore no-explicit-any -- the parameters of the request
  const methods = createMethods(open) as Record<keyof Methods, (...parameters: any[]) => unknown>;
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method, parameters } = JSON.parse(line);
    Promise.resolve().then(() => methods[method as keyof Methods](...parameters)).then(
      (result) => ({ id, result }),
      (error) => ({ id, error: String(error?.stack ?? error) }),
    ).then((response) => process.stdout.write(`${JSON.stringify(response)}\n`));
  }
  process.exit();
}
