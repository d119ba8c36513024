/** Tests that the spans of a client and of the worker of docs/tracing.md are one trace. */
import { assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { connect, enqueue } from "../../mod.ts";
import { createTestDatabase } from "../support/database.ts";
import { readDocument } from "../support/examples.ts";
import { type CollectedSpan, startCollector } from "../support/otlp_collector.ts";
import { startPastedWorker } from "../support/pasted_worker.ts";
import { writeExample } from "../support/run_example.ts";
import { recordSpans } from "../support/traces.ts";
import { pythonProgram, run } from "./languages.ts";

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
  const directory = await Deno.makeTempDir();
  resources.defer(() => Deno.remove(directory, { recursive: true }));
  const database = resources.use(await createTestDatabase());
  const collector = resources.use(startCollector());
  const [worker] = readDocument("docs/tracing.md").workers;
  const command = [pythonProgram, await writeExample(directory, worker!)];
  const env = {
    PYTHONPATH: packages,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    // By default spans are sent every five seconds.
    OTEL_BSP_SCHEDULE_DELAY: "50",
  };
  resources.use(await startPastedWorker(command, database.url, { env }));
  const client = resources.use(await connect(database.url, { tracing: true }));

  const [enqueued] = await recordSpans(async () => {
    const task = { workflowName: "processTask", queueName: "tasks" };
    const handle = await enqueue<string>(client, task, { id: 7 });
    assertEquals(await handle.getResult({ timeoutSeconds: 600 }), "task 7 is done");
  });
  assertEquals(enqueued?.name, "enqueue tasks");

  /** The spans from a step up to the call of the client. */
  function findPath(spans: readonly CollectedSpan[]): string[] | undefined {
    const step = spans.find(({ name }) => name.includes("process_part"));
    const workflow = spans.find(({ spanId }) => spanId === step?.parentSpanId);
    if (!step || !workflow) return undefined;
    assertEquals([step.traceId, workflow.traceId], [enqueued!.traceId, enqueued!.traceId]);
    return [step.name, workflow.name, workflow.parentSpanId!];
  }
  const path = ["process_part", "processTask", enqueued!.spanId];
  assertEquals(await collector.until(findPath), path);
}
