/** Subscribes to what DBOS notifies of, so that a wait can end before its next poll. */

import type { SystemDatabase } from "../database/system_database.ts";
import type { ConnectionHandlers, NotificationHandlers } from "./listener.ts";

interface Subscription {
  readonly handlers: NotificationHandlers[];
  readonly stopped: Promise<void>;
  /** Whether notifications arrive now, as far as the driver tells. */
  isListening: boolean;
}

const subscriptions = new WeakMap<SystemDatabase, Subscription>();

function startListening(database: SystemDatabase): Subscription {
  const handlers: NotificationHandlers[] = [];
  function change(isListening: boolean): void {
    subscription.isListening = isListening;
    handlers.forEach((each) => each.onReconnect());
  }
  const all: ConnectionHandlers = {
    onNotify: (payload) => handlers.forEach((each) => each.onNotify(payload)),
    onReconnect: () => change(true),
    onEnd() {
      if (subscription.isListening) change(false);
    },
  };
  // Most programs never listen: the listener is 0.7 KB gzipped.
  const stopped = import("./listener.ts").then(({ listen }) => listen(database, all));
  const subscription = { handlers, stopped, isListening: false };
  return subscription;
}

/** Calls the handlers until the client is closed, if it listens and its driver can. */
export function subscribe(database: SystemDatabase, handlers: NotificationHandlers): void {
  if (!database.settings.listen) return;
  let subscription = subscriptions.get(database);
  if (!subscription) subscriptions.set(database, subscription = startListening(database));
  subscription.handlers.push(handlers);
}

/** Whether notifications arrive now, as far as the driver tells. */
export function isListening(database: SystemDatabase): boolean {
  return subscriptions.get(database)?.isListening ?? false;
}

/** Settles when the client no longer listens, which is some time after it was closed. */
export async function whenStopped(database: SystemDatabase): Promise<void> {
  await subscriptions.get(database)?.stopped;
}
