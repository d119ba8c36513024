/**
 * Spans for the calls of a client, through npm:@opentelemetry/api. A release of that finds an SDK that
 * was registered through the same or a later release, and no other. So this uses the oldest release that
 * current SDKs support.
 */

import {
  context,
  isSpanContextValid,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { sqlStateOf } from "../drivers/error_codes.ts";
import { WorkflowError } from "../errors/workflow_error.ts";
import type { CallDetails, TracedCall, WorkflowAttributes } from "./traced_call.ts";

const tracerName = "@dbos-community/client";

// The attribute that workers of DBOS read.
const contextAttribute = "dbos.otelContext";

type Attributes = Record<string, string | number>;

function toAttributes({ isSending }: TracedCall, details: CallDetails): Attributes {
  const { queueName, destinationID, workflowName, workflowID, count } = details;
  const attributes = {
    "messaging.destination.name": queueName ?? destinationID,
    "messaging.batch.message_count": count,
    // The message that is put on a queue is the workflow.
    "messaging.message.id": isSending ? workflowID : undefined,
    "dbos.workflow.name": workflowName,
    "dbos.operation.workflow_id": workflowID,
  };
  return Object.fromEntries(
    Object.entries(attributes).filter((entry): entry is [string, string | number] =>
      entry[1] !== undefined
    ),
  );
}

function operationAttributes({ isSending }: TracedCall, operation: string): Attributes {
  return isSending
    ? {
      "messaging.system": "dbos",
      "messaging.operation.name": operation,
      "messaging.operation.type": "send",
    }
    : { "db.system.name": "postgresql", "db.operation.name": operation };
}

/** Records the class of an error, or its SQLSTATE. Its message may show a payload. */
function recordError(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  // Its name and its code are those of the workflow's own error.
  if (error instanceof WorkflowError) {
    span.setAttribute("error.type", "WorkflowError");
    return;
  }
  const sqlState = sqlStateOf(error);
  if (sqlState) span.setAttribute("db.response.status_code", sqlState);
  span.setAttribute("error.type", sqlState ?? (error instanceof Error ? error.name : "_OTHER"));
}

/** Runs a call in a span, which is active meanwhile. */
export async function runInSpan<Result>(
  call: TracedCall,
  run: () => Promise<Result>,
  detailsOf?: (result: Result) => CallDetails,
): Promise<Result> {
  const { isSending, details = {} } = call;
  const operation = call.name.replace("()", "");
  const parent = context.active();
  // Names are for groups of calls, so an ID is no part of them.
  const name = details.queueName ? `${operation} ${details.queueName}` : operation;
  // Asked for each time: the SDK may be registered after the first call.
  const span = trace.getTracer(tracerName).startSpan(name, {
    kind: isSending ? SpanKind.PRODUCER : SpanKind.CLIENT,
    attributes: { ...operationAttributes(call, operation), ...toAttributes(call, details) },
  }, parent);
  try {
    const result = await context.with(trace.setSpan(parent, span), run);
    if (detailsOf) span.setAttributes(toAttributes(call, detailsOf(result)));
    return result;
  } catch (error) {
    recordError(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/**
 * The attributes of a workflow with the W3C trace context of the active span, unless they have one.
 * Baggage is left out, as in DBOS's own clients: it may hold anything, and would be stored.
 */
export function withContext(
  attributes: WorkflowAttributes | undefined,
): WorkflowAttributes | undefined {
  const active = trace.getSpanContext(context.active());
  if (!active || !isSpanContextValid(active)) return attributes;
  const flags = active.traceFlags.toString(16).padStart(2, "0");
  const traceparent = `00-${active.traceId}-${active.spanId}-${flags}`;
  const tracestate = active.traceState?.serialize();
  const carrier = tracestate ? { traceparent, tracestate } : { traceparent };
  return { [contextAttribute]: carrier, ...attributes };
}
