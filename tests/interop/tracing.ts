/** Tests that the spans of a client and those of a worker in Python are one trace. */
import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createClient, enqueue, send } from "../../mod.ts";
import pg from "pg";
import { createTestDatabase } from "../support/database.ts";
import { type CollectedSpan, startCollector } from "../support/otlp_collector.ts";
import { recordSpans } from "../support/traces.ts";
import { python, pythonProgram, run } from "./languages.ts";
import { startApplication } from "./start_application.ts";

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

const packages = pathOf("python/.venv/tracing");

/** Installs OpenTelemetry in a folder of its own, which the workers of other tests do not see. */
async function installTracing(): Promise<void> {
  const requirements = pathOf("python/tracing.txt");
  const installed = `${packages}/requirements.txt`;
  const wanted = await Deno.readTextFile(requirements);
  if (existsSync(installed) && await Deno.readTextFile(installed) === wanted) return;
  await Deno.remove(packages, { recursive: true }).catch(() => {});
  const options = ["--quiet", "--no-deps", "--target", packages, "--requirement", requirements];
  const failure = await run([pythonProgram, "-m", "pip", "install", ...options]);
  if (failure) throw new Error(`Cannot install ${requirements}:\n${failure}`);
  await Deno.writeTextFile(installed, wanted);
}

/** Follows a trace from a call of the client to a step of the workflow. */
export async function verifyTracing(): Promise<void> {
  await installTracing();
  await using resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase());
  const collector = resources.use(startCollector());
  resources.use(
    await startApplication(python.command, database.url, {
      PYTHONPATH: packages,
      OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces`,
      // By default spans are sent every five seconds.
      OTEL_BSP_SCHEDULE_DELAY: "50",
    }),
  );
  const pool = new pg.Pool({ connectionString: database.url });
  resources.defer(() => pool.end());
  const client = createClient(pool, { tracing: true });

  const [enqueued] = await recordSpans(async () => {
    const handle = await enqueue(client, { workflowName: "takeSteps", queueName: "tasks" });
    await send(client, handle.workflowID, "go", { topic: "steps" });
    await handle.getResult({ timeoutSeconds: 60 });
  });
  assert(enqueued);
  assertEquals(enqueued.name, "enqueue tasks");
  /** The spans from a step up to the call of the client. */
  function findPath(spans: readonly CollectedSpan[]): string[] | undefined {
    const step = spans.find(({ name }) => name === "first");
    const workflow = spans.find(({ spanId }) => spanId === step?.parentSpanId);
    if (!step || !workflow) return undefined;
    assertEquals([step.traceId, workflow.traceId], [enqueued!.traceId, enqueued!.traceId]);
    return [step.name, workflow.name, workflow.parentSpanId!];
  }
  assertEquals(await collector.until(findPath), ["first", "takeSteps", enqueued.spanId]);
}
