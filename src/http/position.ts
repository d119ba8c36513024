/**
 * Where a reader of server-sent events stands: the ID of each message says it for all sources, and a
 * browser sends the last ID back when it reconnects.
 */

import { toBase64url } from "./base64.ts";

/** How far a reader has read each source. */
export interface Position {
  /** The hash of the ID of the workflow: a position in another workflow is none. */
  readonly workflow: string;
  /** The last status that it was sent. */
  status: string | undefined;
  /** The offset of the next value of each stream. */
  readonly offsets: Map<string, number>;
  /** The hash of the last value of each event, by the hash of its key. */
  readonly events: Map<string, string>;
  /** Whether it was sent the message that the workflow is over. */
  isOver: boolean;
}

// A text in base64 for each. Two values of one event collide with a probability of 2^-48.
const hashBytes = 6;
const hashLength = 8;
const hashes = /^(?:[\w-]{16})*$/;

const streamPrefix = "offset.";
const maxOffset = 2 ** 31 - 1;

/** A short hash, so that the IDs of messages are short, however large the values are. */
export async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return toBase64url(new Uint8Array(digest, 0, hashBytes));
}

/** Formats a position as the ID of a message, in ASCII. */
export function formatPosition({ workflow, status, offsets, events, isOver }: Position): string {
  const fields = new URLSearchParams({ workflow });
  if (status !== undefined) fields.set("status", status);
  for (const [key, offset] of offsets) fields.set(`${streamPrefix}${key}`, `${offset}`);
  if (events.size > 0) fields.set("events", [...events].flat().join(""));
  if (isOver) fields.set("over", "1");
  return fields.toString();
}

/**
 * Reads the ID of a message, for the workflow and the streams that are read. What it does not have, or what
 * is no position, is read from the start.
 */
export async function parsePosition(
  text: string | null,
  workflowID: string,
  streams: readonly string[],
): Promise<Position> {
  const workflow = await hash(workflowID);
  let fields = new URLSearchParams(text ?? "");
  if (fields.get("workflow") !== workflow) fields = new URLSearchParams();
  const offsets = new Map<string, number>();
  for (const key of streams) {
    const offset = fields.get(`${streamPrefix}${key}`) ?? "";
    if (/^\d{1,10}$/.test(offset) && Number(offset) <= maxOffset) offsets.set(key, Number(offset));
  }
  const events = new Map<string, string>();
  const pairs = fields.get("events") ?? "";
  if (hashes.test(pairs)) {
    for (let at = 0; at < pairs.length; at += 2 * hashLength) {
      const middle = at + hashLength;
      events.set(pairs.slice(at, middle), pairs.slice(middle, middle + hashLength));
    }
  }
  return {
    workflow,
    status: fields.get("status") ?? undefined,
    offsets,
    events,
    isOver: fields.has("over"),
  };
}
