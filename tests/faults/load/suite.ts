/** Runs the fault suite. */
import { assertEquals } from "@std/assert";
import type { ClientOptions } from "../../../mod.ts";
import { type Fault, faults } from "./injectors.ts";
import type { Harm } from "./message_proxy.ts";
import type { Program } from "./program.ts";
import { createRandom } from "./random.ts";
import { openStage, type Stage } from "./stage.ts";
import { sweep } from "./sweep.ts";
import { within } from "./within.ts";
import { judge, type Verdict } from "./verdict.ts";

/** How much is done. */
export interface SuiteOptions {
  readonly seed: number;
  readonly drivers: readonly string[];
  /** A part of the names of the faults that are injected, if not all are. */
  readonly only?: string;
  /** How long each fault is injected again and again. It is injected at least twice. */
  readonly seconds: number;
  /** How many calls of each driver come between two faults. */
  readonly callsBetween: number;
  readonly producers: number;
  readonly waiters: number;
  /** How many messages of a call lie between two that are harmed. */
  readonly stride: number;
}

/** The outcome of a fault for a driver. */
export interface Result extends Verdict {
  readonly fault: string;
  readonly driver: string;
  readonly injected: number;
}

const retryTimeoutSeconds = 60;
const attemptTimeoutSeconds = 5;
// What a slow machine may add.
const allowanceSeconds = 60;
const maxCallMs = 1000 * (retryTimeoutSeconds + attemptTimeoutSeconds + allowanceSeconds);

const maxCloseMs = 10_000;

const harms: Readonly<Record<string, Harm>> = {
  "connections are cut in a message": "cut",
  "connections stall in a message": "stall",
  "connections drip from a message on": "drip",
};

/** Injects a fault while all programs make calls. */
async function injectUnderLoad(
  stage: Stage,
  name: string,
  fault: Fault,
  options: SuiteOptions,
): Promise<Result[]> {
  const { seed, seconds, callsBetween, producers, waiters } = options;
  const { programs } = stage;
  await stage.clear();
  await using injector = await fault.open(stage, createRandom(seed));
  const clientOptions: ClientOptions = {
    retryTimeoutSeconds,
    attemptTimeoutSeconds,
    ...injector.options,
  };
  const prefixOf = (program: Program) => `${name} ${program.driver}`;
  const clients = await Promise.all(programs.map(async (program, index) => {
    const settings = { url: injector.url, maxConnections: 10, options: clientOptions };
    const client = await program.request("open", settings);
    const prefix = prefixOf(program);
    const load = { seed: seed + 1000 * index, prefix, producers, waiters, maxCallMs };
    await program.request("startLoad", client, load);
    return client;
  }));
  const progress = async () => {
    const made = programs.map((program) => program.request("progress", callsBetween));
    return await within(maxCallMs, Promise.all(made)) !== undefined;
  };

  const deadline = performance.now() + seconds * 1000;
  let injected = 0;
  let isAlive = await progress();
  while (isAlive && (injected < 2 || performance.now() < deadline)) {
    await injector.inject();
    injected++;
    isAlive = await progress();
  }
  const records = await Promise.all(programs.map((program) => program.request("stopLoad")));
  await stage.untilFinished();
  await Promise.all(programs.map((program, index) =>
    // Not every driver can close a pool whose connections were lost.
    within(maxCloseMs, program.request("close", clients[index]!)).catch(() => {})
  ));
  return await Promise.all(programs.map(async (program, index) => ({
    fault: name,
    driver: program.driver,
    injected,
    ...await judge(stage.server, prefixOf(program), records[index]!, fault.refusedWith),
  })));
}

/** Harms the connections of all programs at each message. */
async function harmConnections(
  stage: Stage,
  name: string,
  harm: Harm,
  { seed, stride }: SuiteOptions,
): Promise<Result[]> {
  const { url } = stage.server;
  await stage.clear();
  return await Promise.all(stage.programs.map(async (program) => {
    const prefix = `${name} ${program.driver}`;
    const sweepOptions = { url, seed, prefix, stride, retryTimeoutSeconds, maxCallMs };
    const { injected, records } = await sweep(program, harm, sweepOptions);
    await stage.untilFinished();
    const verdict = await judge(stage.server, prefix, records);
    return { fault: name, driver: program.driver, injected, ...verdict };
  }));
}

function check(results: readonly Result[]): void {
  const failures = results.filter(({ failed, lost, doubled, hung, injected }) =>
    failed + lost + doubled + hung > 0 || injected === 0
  );
  assertEquals(failures, []);
}

/** What came of a run. */
export interface SuiteResults {
  readonly results: readonly Result[];
  /** The faults that could not be injected, and why. */
  readonly skipped: readonly string[];
  /** The runtime of each driver. */
  readonly runtimes: Readonly<Record<string, string>>;
  /** The version of Postgres. */
  readonly postgres: string;
}

/** Injects all faults, each in a step of the test that fails if a call did not end as it must. */
export async function runSuite(
  test: Deno.TestContext,
  options: SuiteOptions,
): Promise<SuiteResults> {
  const results: Result[] = [];
  const skipped: string[] = [];
  const { drivers, only = "" } = options;
  await using stage = await openStage(drivers);
  const [version] = await stage.server.query("show server_version");
  const runtimes: Record<string, string> = {};
  for (const program of stage.programs) {
    runtimes[program.driver] = await program.request("runtime");
  }

  async function step(name: string, run: () => Promise<Result[]>): Promise<void> {
    await test.step(name, async () => {
      const found = await run();
      results.push(...found);
      check(found);
    });
  }
  for (const [name, fault] of Object.entries(faults)) {
    if (!name.includes(only)) continue;
    const reason = fault.skipReason?.(stage);
    if (reason) skipped.push(`${name}: ${reason}`);
    else await step(name, () => injectUnderLoad(stage, name, fault, options));
  }
  for (const [name, harm] of Object.entries(harms)) {
    if (!name.includes(only)) continue;
    await step(name, () => harmConnections(stage, name, harm, options));
  }
  return { results, skipped, runtimes, postgres: String(version!.server_version) };
}
