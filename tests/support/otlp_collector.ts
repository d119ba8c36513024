/** A collector of spans on loopback: what the OpenTelemetry of Deno and of Python export to. */
import { Buffer } from "node:buffer";
import type { RecordedSpan } from "./traces.ts";

/** A span, and the service that it comes from. */
export type CollectedSpan = Pick<
  RecordedSpan,
  "name" | "kind" | "traceId" | "spanId" | "parentSpanId"
>;

export interface Collector extends AsyncDisposable {
  /** The endpoint of OTLP over HTTP. Traces are sent to its path `/v1/traces`. */
  url: string;
  /** Waits until the spans fulfil a condition, and returns what that returns. */
  until<Found>(find: (spans: readonly CollectedSpan[]) => Found | undefined): Promise<Found>;
}

/** The fields of a protobuf message by number: numbers, and bytes for all that has a length. */
function readFields(bytes: Uint8Array): Map<number, (number | Uint8Array)[]> {
  const fields = new Map<number, (number | Uint8Array)[]>();
  let position = 0;

  function readVarint(): number {
    let value = 0;
    for (let factor = 1;; factor *= 128) {
      const byte = bytes[position++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  function readBytes(length: number): Uint8Array {
    return bytes.subarray(position, position += length);
  }

  while (position < bytes.length) {
    const tag = readVarint();
    const wireType = tag & 7;
    const value = wireType === 0
      ? readVarint()
      : readBytes(wireType === 1 ? 8 : wireType === 5 ? 4 : readVarint());
    const number = Math.floor(tag / 8);
    fields.set(number, [...fields.get(number) ?? [], value]);
  }
  return fields;
}

/** The messages in a field of a message. */
function readMessages(bytes: Uint8Array, field: number): Uint8Array[] {
  return (readFields(bytes).get(field) ?? []) as Uint8Array[];
}

function toSpan(bytes: Uint8Array): CollectedSpan {
  const fields = readFields(bytes);
  const hexOf = (field: number) => Buffer.from(bytesOf(field)).toString("hex");
  const bytesOf = (field: number) => (fields.get(field)?.[0] ?? new Uint8Array()) as Uint8Array;
  return {
    traceId: hexOf(1),
    spanId: hexOf(2),
    parentSpanId: hexOf(4) || undefined,
    name: new TextDecoder().decode(bytesOf(5)),
    // The numbers of the protocol begin at 1, those of the API at 0.
    kind: (fields.get(6)?.[0] as number) - 1,
  };
}

/** Reads an ExportTraceServiceRequest: spans of scopes of resources. */
function readSpans(request: Uint8Array): CollectedSpan[] {
  return readMessages(request, 1)
    .flatMap((resource) => readMessages(resource, 2))
    .flatMap((scope) => readMessages(scope, 2))
    .map(toSpan);
}

/** Starts a collector. */
export function startCollector(): Collector {
  const spans: CollectedSpan[] = [];
  let onSpans = () => {};

  async function handle(request: Request): Promise<Response> {
    const isGzipped = request.headers.get("content-encoding") === "gzip";
    const body = isGzipped
      ? request.body!.pipeThrough(new DecompressionStream("gzip"))
      : request.body;
    const bytes = new Uint8Array(await new Response(body).arrayBuffer());
    if (new URL(request.url).pathname === "/v1/traces") spans.push(...readSpans(bytes));
    onSpans();
    return new Response(null, { headers: { "content-type": "application/x-protobuf" } });
  }

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handle);
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    async until(find) {
      for (;;) {
        const found = find(spans);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => onSpans = resolve);
      }
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
