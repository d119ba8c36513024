/** Records spans with the SDK of OpenTelemetry, which is registered once for all tests of a process. */
import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";

/** What tests check of a span. */
export interface RecordedSpan {
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  attributes: Record<string, unknown>;
  isError: boolean;
}

let exporter: InMemorySpanExporter | undefined;

/** Registers the SDK, as a program does that wants its spans. */
export function registerSDK(): InMemorySpanExporter {
  if (!exporter) {
    exporter = new InMemorySpanExporter();
    new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
  }
  return exporter;
}

function toRecorded(span: ReadableSpan): RecordedSpan {
  const { traceId, spanId } = span.spanContext();
  return {
    name: span.name,
    kind: span.kind,
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    attributes: span.attributes,
    isError: span.status.code === SpanStatusCode.ERROR,
  };
}

/** The spans within an active one, in the order in which they ended. */
export async function recordSpans(
  run: (parent: { traceId: string; spanId: string }) => Promise<void>,
): Promise<RecordedSpan[]> {
  const exporter = registerSDK();
  const root = trace.getTracer("test").startSpan("test", { root: true });
  const { traceId, spanId } = root.spanContext();
  try {
    await context.with(trace.setSpan(context.active(), root), () => run({ traceId, spanId }));
  } finally {
    root.end();
  }
  return exporter.getFinishedSpans()
    .filter((span) => span.spanContext().traceId === traceId && span.name !== "test")
    .map(toRecorded);
}
