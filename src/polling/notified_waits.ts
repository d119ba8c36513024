/** Collects the waits that notifications are about, so that a flood of them costs few polls. */

import { minIntervalMs, type Wait } from "./wait.ts";
import type { NotificationHandlers } from "./listener.ts";

/** The waits that notifications are about. */
export interface NotifiedWaits<Notified> extends NotificationHandlers {
  add(wait: Notified): void;
  remove(wait: Notified): void;
  /** When {@linkcode take} may be called, a time of performance.now(); Infinity if there is no need. */
  readonly dueAt: number;
  /** Returns the waits that notifications have arrived about, each notification once. */
  take(now: number): Iterable<Notified>;
}

// A poll for all waits is expensive, and a server may accept connections only to lose them.
const minReconnectIntervalMs = 1000;
// How many waits are taken without a longer pause.
const waitsPerIdleMs = 50;

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
  let allDueAt = -Infinity;

  return {
    add(wait) {
      for (const { notification } of wait.targets) {
        if (notification === undefined) continue;
        all.add(wait);
        const notified = byPayload.get(notification);
        if (notified) notified.add(wait);
        else byPayload.set(notification, new Set([wait]));
      }
    },
    remove(wait) {
      all.delete(wait);
      if (all.size === 0) hasMissedAny = false;
      for (const { notification = "" } of wait.targets) {
        const notified = byPayload.get(notification);
        notified?.delete(wait);
        if (notified?.size !== 0) continue;
        byPayload.delete(notification);
        payloads.delete(notification);
      }
    },
    onNotify(payload) {
      for (const start of startsOf(payload)) {
        if (!byPayload.has(start) || payloads.has(start)) continue;
        payloads.add(start);
        onDue(payloadsDueAt);
      }
    },
    onReconnect() {
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
      payloadsDueAt = now + Math.max(minIntervalMs, taken.size / waitsPerIdleMs);
      return taken;
    },
  };
}
