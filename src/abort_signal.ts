/** Ends what is in progress when the signal of a caller is aborted. */

/** What is to be called when a signal is aborted. */
interface Subscription {
  readonly callbacks: Set<() => void>;
  /** Calls them all. */
  onAbort(): void;
}

const subscriptions = new WeakMap<AbortSignal, Subscription>();

function createSubscription(): Subscription {
  const callbacks = new Set<() => void>();
  return { callbacks, onAbort: () => callbacks.forEach((callback) => callback()) };
}

/**
 * Calls `callback` when `signal` is aborted, until the function that it returns is called. All callbacks
 * of a signal share one listener: Node warns of more than ten.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let subscription = subscriptions.get(signal);
  if (!subscription) subscriptions.set(signal, subscription = createSubscription());
  const { callbacks, onAbort } = subscription;
  if (callbacks.size === 0) signal.addEventListener("abort", onAbort);
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size === 0) signal.removeEventListener("abort", onAbort);
  };
}

/** Settles as `run` does, or rejects with the reason of the signal as soon as that is aborted. */
export function abortable<Result>(
  signal: AbortSignal | undefined,
  run: () => Promise<Result>,
): Promise<Result> {
  if (!signal) return run();
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = onAbort(signal, () => reject(signal.reason));
    run().finally(stop).then(resolve, reject);
  });
}

/** Settles as `run` does. If that fails once the signal is aborted, it rejects with the signal's reason. */
export async function finishOrAbort<Result>(
  signal: AbortSignal | undefined,
  run: () => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted();
  try {
    return await run();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
