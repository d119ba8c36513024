/** Collects the waits that notifications are about, so that a flood of them costs few polls. */

import { minIntervalMs, type Wait, type WaitTarget } from "./wait.ts";
import type { NotificationHandlers } from "./listener.ts";

/** The waits that notifications are about. */
export interface NotifiedWaits<Notified> extends NotificationHandlers {
  add(wait: Notified): void;
  remove(wait: Notified): void;
  /** When {@linkcode take} may be called, a time of performance.now(); Infinity if there is no need. */
  readonly dueAt: number;
  /** Returns the waits that notifications have arrived about, each notification once. */
  take(now: number): Iterable<Notified>;
  /** Has the next waits taken sooner, because the poll for those taken last has found some. */
  takeSooner(): void;
  /** How many notifications have arrived, about anything. */
  readonly count: number;
}

// A poll for all waits is expensive, and a server may accept connections only to lose them.
const minReconnectIntervalMs = 1000;
// How many waits are taken without a longer pause.
const waitsPerIdleMs = 50;
// The minimum interval after a poll that has found completions. There are no more such polls than
// completions, whoever sends notifications.
const minIntervalAfterFoundMs = 4;

// How many characters of a workflow ID a notification of its completion has.
const maxIDLength = 1000;

// A payload has one separator, and more only if the ID of the workflow or the key contains some.
const maxStarts = 8;

/** A payload, and its starts that end with a separator: `workflowID::key` and `workflowID::`. */
function* startsOf(payload: string): Generator<string> {
  yield payload;
  let at = payload.indexOf("::");
  for (let count = 0; at >= 0 && count < maxStarts; count++) {
    yield payload.slice(0, at + 2);
    at = payload.indexOf("::", at + 1);
  }
}

/** The payloads of the notifications about a target. */
function* payloadsOf({ notification, workflowID }: WaitTarget): Generator<string> {
  if (notification !== undefined) yield notification;
  if (workflowID === undefined) return;
  // The server counts code points, which may be two of the units that `length` counts.
  const isLong = workflowID.length > maxIDLength;
  yield isLong ? [...workflowID].slice(0, maxIDLength).join("") : workflowID;
}

/**
 * Waits by the payload of their notification. Any role of the server can send notifications, so what
 * one costs depends neither on the number of waits nor on the number of notifications: a payload that
 * no wait is for is ignored, and the others are only noted until they are taken.
 */
export function createNotifiedWaits<Notified extends Wait<never>>(
  onDue: (dueAt: number) => void,
): NotifiedWaits<Notified> {
  const all = new Set<Notified>();
  const byPayload = new Map<string, Set<Notified>>();
  const payloads = new Set<string>();
  let hasMissedAny = false;
  let payloadsDueAt = -Infinity;
  let soonerDueAt = -Infinity;
  let allDueAt = -Infinity;
  let count = 0;

  return {
    add(wait) {
      for (const target of wait.targets) {
        for (const payload of payloadsOf(target)) {
          all.add(wait);
          const notified = byPayload.get(payload);
          if (notified) notified.add(wait);
          else byPayload.set(payload, new Set([wait]));
        }
      }
    },
    remove(wait) {
      all.delete(wait);
      if (all.size === 0) hasMissedAny = false;
      for (const target of wait.targets) {
        for (const payload of payloadsOf(target)) {
          const notified = byPayload.get(payload);
          notified?.delete(wait);
          if (notified?.size !== 0) continue;
          byPayload.delete(payload);
          payloads.delete(payload);
        }
      }
    },
    onNotify(payload) {
      count++;
      for (const start of startsOf(payload)) {
        if (!byPayload.has(start) || payloads.has(start)) continue;
        payloads.add(start);
        onDue(payloadsDueAt);
      }
    },
    onReconnect() {
      count++;
      if (hasMissedAny || all.size === 0) return;
      hasMissedAny = true;
      onDue(allDueAt);
    },
    get dueAt() {
      return Math.min(
        payloads.size > 0 ? payloadsDueAt : Infinity,
        hasMissedAny ? allDueAt : Infinity,
      );
    },
    take(now) {
      const taken = new Set<Notified>();
      if (hasMissedAny && now >= allDueAt) {
        hasMissedAny = false;
        all.forEach((wait) => taken.add(wait));
        allDueAt = now + Math.max(minReconnectIntervalMs, taken.size / waitsPerIdleMs);
      } else if (now >= payloadsDueAt) {
        for (const payload of payloads) byPayload.get(payload)!.forEach((wait) => taken.add(wait));
      } else return taken;
      payloads.clear();
      const idleMs = taken.size / waitsPerIdleMs;
      payloadsDueAt = now + Math.max(minIntervalMs, idleMs);
      soonerDueAt = now + Math.max(minIntervalAfterFoundMs, idleMs);
      return taken;
    },
    takeSooner() {
      payloadsDueAt = soonerDueAt;
    },
    get count() {
      return count;
    },
  };
}
