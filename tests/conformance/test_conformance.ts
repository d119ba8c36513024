import * as library from "../../mod.ts";
import { createTestDatabase } from "../support/database.ts";
import { startWorker } from "../support/start_worker.ts";
import { cases } from "./cases.ts";
import type { OpenTarget } from "./driver_targets.ts";
import type { TestTarget } from "./target.ts";

export interface ConformanceOptions {
  schema?: string;
  /** Why the target cannot run here, if so. */
  skipReason?: string | undefined;
}

/** Runs the conformance suite as the steps of one test. */
export function testConformance(
  name: string,
  open: () => Promise<TestTarget>,
  skipReason?: string,
): void {
  const title = `the conformance suite passes with ${name}`;
  Deno.test({
    name: skipReason ? `${title} (skipped: ${skipReason})` : title,
    ignore: skipReason !== undefined,
    async fn(test) {
      await using target = await open();
      for (const [name, run] of Object.entries(cases)) await test.step(name, () => run(target));
    },
  });
}

/** Does the same for a driver that connects to a server, with its own database and worker. */
export function testServerConformance(
  name: string,
  open: OpenTarget,
  { schema, skipReason }: ConformanceOptions = {},
): void {
  const openWithWorker = async () => {
    const resources = new AsyncDisposableStack();
    const { url } = resources.use(await createTestDatabase());
    resources.use(await startWorker({ systemDatabaseUrl: url, ...(schema && { schema }) }));
    const target = resources.use(await open({ library, url, ...(schema && { schema }) }));
    return { ...target, [Symbol.asyncDispose]: () => resources.disposeAsync() };
  };
  testConformance(name, openWithWorker, skipReason);
}
