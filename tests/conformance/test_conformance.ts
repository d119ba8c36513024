import * as library from "../../mod.ts";
import { createTestDatabase } from "../support/database.ts";
import { startWorker } from "../support/start_worker.ts";
import { cases } from "./cases.ts";
import type { OpenLane } from "./driver_lanes.ts";
import type { Lane } from "./lane.ts";

export interface ConformanceOptions {
  schema?: string;
  /** Why the lane cannot run here. */
  skipReason?: string | undefined;
}

/** Runs the conformance suite as the steps of one test. */
export function testConformance(
  name: string,
  open: () => Promise<Lane>,
  skipReason?: string,
): void {
  const title = `the conformance suite holds over ${name}`;
  Deno.test({
    name: skipReason ? `${title} (skipped: ${skipReason})` : title,
    ignore: skipReason !== undefined,
    async fn(test) {
      await using lane = await open();
      for (const [name, run] of Object.entries(cases)) await test.step(name, () => run(lane));
    },
  });
}

/** The same for a driver that connects to a server, with a database and a worker of its own. */
export function testServerConformance(
  name: string,
  open: OpenLane,
  { schema, skipReason }: ConformanceOptions = {},
): void {
  const openWithWorker = async () => {
    const resources = new AsyncDisposableStack();
    const { url } = resources.use(await createTestDatabase());
    resources.use(await startWorker({ systemDatabaseUrl: url, ...(schema && { schema }) }));
    const lane = resources.use(await open({ library, url, ...(schema && { schema }) }));
    return { ...lane, [Symbol.asyncDispose]: () => resources.disposeAsync() };
  };
  testConformance(name, openWithWorker, skipReason);
}
