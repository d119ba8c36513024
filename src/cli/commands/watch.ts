/** The command that follows a workflow. */

import { buildCommand } from "@stricli/core";
import { pause } from "../../promises.ts";
import type { Client } from "../../client/client.ts";
import type { StepInfo } from "../../lists/steps.ts";
import { maxTimerMs } from "../../event_loop.ts";
import type { WorkflowStatus } from "../../workflows/workflow_status.ts";
import { type CliCommand, describe } from "../command.ts";
import { withClient } from "../connection.ts";
import { CliError, exitCodes } from "../errors.ts";
import { escapeText } from "../escape.ts";
import {
  asSeconds,
  commonAliases,
  type CommonFlags,
  commonFlags,
  numberFlag,
  workflowIDParameter,
} from "../flags.ts";
import { LiveView } from "../live_view.ts";
import { readStatus } from "../read_status.ts";
import { isJson, styleOfStatus } from "../table.ts";
import { stdout } from "../terminal.ts";
import { formatDuration, formatTime, toJson, toReadableLine } from "../text.ts";

/** What is known of the workflow. */
interface Watched {
  status: WorkflowStatus;
  readonly steps: Map<number, StepInfo>;
  readonly events: Map<string, unknown>;
}

/** A change of the workflow, as a line of JSON. */
type Change =
  | { readonly type: "status"; readonly status: string; readonly at: number }
  | { readonly type: "step"; readonly step: Omit<StepInfo, "output" | "error"> }
  | { readonly type: "event"; readonly key: string; readonly value: unknown }
  | {
    readonly type: "end";
    readonly status: string;
    readonly output?: unknown;
    readonly error?: unknown;
  };

const pollingIntervalMs = 500;
const unfinished = new Set(["PENDING", "ENQUEUED", "DELAYED"]);

const stepsPerPage = 1000;

/** Reads the steps from an offset on. */
async function* readSteps(
  client: Client,
  workflowID: string,
  first: number,
): AsyncGenerator<StepInfo, void, void> {
  const { listWorkflowSteps } = await import("../../lists/steps.ts");
  for (let offset = first;; offset += stepsPerPage) {
    const options = { offset, limit: stepsPerPage, loadOutput: false };
    const page = await listWorkflowSteps(client, workflowID, options) ?? [];
    yield* page;
    if (page.length < stepsPerPage) return;
  }
}

// Steps that run concurrently are not recorded in the order of their numbers.
const overlap = 100;

/** Yields what changes until the workflow has ended, and keeps `watched` up to date. */
async function* follow(
  client: Client,
  watched: Watched,
  onChange: (change: Change) => void,
  signal: AbortSignal,
): AsyncGenerator<void, void, void> {
  const { workflowID } = watched.status;
  let isFirst = true;
  while (true) {
    const before = watched.status.status;
    // First, so that all steps of a workflow that has ended are read after it.
    watched.status = await readStatus(client, workflowID, "watch");
    const { status, updatedAt, createdAt } = watched.status;
    const hasEnded = !unfinished.has(status);
    const from = hasEnded ? 0 : Math.max(0, watched.steps.size - overlap);
    for await (const step of readSteps(client, workflowID, from)) {
      if (watched.steps.has(step.functionID)) continue;
      watched.steps.set(step.functionID, step);
      // They are not read, and would always be null.
      const { output: _output, error: _error, ...shown } = step;
      onChange({ type: "step", step: shown });
    }
    if (isFirst || status !== before) {
      onChange({ type: "status", status, at: updatedAt ?? createdAt });
    }
    isFirst = false;
    yield;
    if (hasEnded) return;
    await pause(pollingIntervalMs, signal);
  }
}

const maxShown = 1000;

/** The lines that show the workflow. */
function toLines({ status, steps, events }: Watched, now: number): string[] {
  const style = styleOfStatus(status.status);
  const name = escapeText(status.status);
  const end = status.completedAt ?? (unfinished.has(status.status) ? now : status.updatedAt ?? now);
  const queue = status.queueName ? `  queue ${escapeText(status.queueName)}` : "";
  const lines = [
    `${stdout.paint("bold", escapeText(status.workflowID))}  ${
      escapeText(status.workflowName)
    }${queue}`,
    `${style ? stdout.paint(style, name) : name}  ${formatDuration(end - status.createdAt)} since ${
      formatTime(status.createdAt)
    }`,
  ];
  const shown = [...steps.values()].sort((a, b) => a.functionID - b.functionID).slice(-maxShown);
  for (const step of shown) {
    const { startedAtEpochMs: start, completedAtEpochMs: end } = step;
    const took = start !== undefined && end !== undefined ? `  ${formatDuration(end - start)}` : "";
    lines.push(
      `  ${stdout.paint("dim", String(step.functionID).padStart(4))}  ${escapeText(step.name)}${
        stdout.paint("dim", took)
      }`,
    );
  }
  for (const [key, value] of events) {
    lines.push(`  ${stdout.paint("cyan", escapeText(key))} = ${toReadableLine(value)}`);
  }
  return lines;
}

/** The failure of a workflow that has ended without a result. */
function toFailure({ workflowID, status, error }: WorkflowStatus): CliError | undefined {
  if (status === "SUCCESS") return undefined;
  const reason = error instanceof Error ? `: ${error.name}: ${error.message}` : "";
  return new CliError(
    status === "ERROR"
      ? `Workflow ${workflowID} failed${reason}`
      : `Workflow ${workflowID} is ${status}`,
  );
}

interface WatchFlags extends CommonFlags {
  readonly timeout?: number;
}

async function watchWorkflow(
  client: Client,
  flags: WatchFlags,
  workflowID: string,
): Promise<void> {
  const watched: Watched = {
    status: await readStatus(client, workflowID, "watch"),
    steps: new Map(),
    events: new Map(),
  };
  const view = isJson(flags) ? undefined : new LiveView(stdout);
  const done = new AbortController();
  let writing = Promise.resolve();

  function onChange(change: Change): void {
    if (view) view.draw(toLines(watched, Date.now()));
    else writing = writing.then(() => stdout.write(`${toJson(change)}\n`));
  }

  async function followEvents(): Promise<void> {
    const { followEvents } = await import("../../messages/follow_events.ts");
    for await (const { key, value } of followEvents(client, workflowID, { signal: done.signal })) {
      watched.events.set(key, value);
      onChange({ type: "event", key, value });
    }
  }

  const { timeout } = flags;
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function endAfter(durationMs: number): void {
    timer = setTimeout(() => {
      if (durationMs > maxTimerMs) return endAfter(durationMs - maxTimerMs);
      isOver = true;
      done.abort();
    }, Math.min(durationMs, maxTimerMs));
  }

  if (timeout !== undefined) endAfter(timeout * 1000);
  const events = followEvents().catch((error) => {
    if (!done.signal.aborted) throw error;
  });
  // It is awaited below, unless the workflow cannot be read.
  events.catch(() => {});
  try {
    for await (const _ of follow(client, watched, onChange, done.signal)) {
      view?.draw(toLines(watched, Date.now()));
      if (isOver) break;
    }
    if (!isOver) await events;
  } finally {
    clearTimeout(timer);
    done.abort();
    await view?.end();
  }
  await writing;
  if (isOver && unfinished.has(watched.status.status)) {
    throw new CliError(
      `Cannot watch workflow ${workflowID} to its end: it is ${watched.status.status} after ${timeout} s`,
      exitCodes.timeout,
    );
  }
  const { getStatus } = await import("../../workflows/workflow_status.ts");
  const status = await getStatus(client, workflowID) ?? watched.status;
  const { output, error } = status;
  if (!view) {
    const end: Change = { type: "end", status: status.status, output, error };
    await stdout.write(`${toJson(end)}\n`);
  } else if (status.status === "SUCCESS") {
    await stdout.write(`${toReadableLine(output)}\n`);
  }
  const failure = toFailure(status);
  if (failure) throw failure;
}

export const watch: CliCommand = buildCommand({
  docs: describe(
    "watch",
    "WORKFLOW_ID",
    "On a terminal it redraws what it shows; elsewhere it prints each change as a line of JSON. " +
      "The last line is the result.",
    "dbos-client watch task-7",
    `dbos-client watch task-7 | jq -c 'select(.type == "event")'`,
  ),
  parameters: {
    flags: {
      timeout: numberFlag("How long to watch, by default without limit", "seconds", asSeconds),
      ...commonFlags,
    },
    aliases: { t: "timeout", ...commonAliases },
    positional: { kind: "tuple", parameters: [workflowIDParameter] },
  },
  func: (flags: WatchFlags, workflowID: string) =>
    withClient(flags, (client) => watchWorkflow(client, flags, workflowID)),
});
