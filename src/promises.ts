/** Functions that return promises: loaded on demand, run one after the other, or ended by a signal. */

/**
 * A function that loads something when it is first called, and again if that failed. It returns a promise
 * only until it is loaded: an `import()` takes several microseconds each time, and calls of one tick that
 * wait for nothing can share a statement.
 */
export function onDemand<Value>(load: () => Promise<Value>): () => Value | Promise<Value> {
  let value: Value | Promise<Value> | undefined;
  async function loadOnce(): Promise<Value> {
    try {
      return value = await load();
    } catch (error) {
      value = undefined;
      throw error;
    }
  }
  return () => value ??= loadOnce();
}

/** A function that runs what it is given one after the other, in the order of the calls. */
export function createSerialQueue(): <Result>(run: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const result = last.then(run);
    last = result.catch(() => {});
    return result;
  };
}

/** What is to be called when a signal is aborted. */
interface Subscription {
  readonly callbacks: Set<() => void>;
  callAll(): void;
}

const subscriptions = new WeakMap<AbortSignal, Subscription>();

function createSubscription(): Subscription {
  const callbacks = new Set<() => void>();
  return {
    callbacks,
    callAll() {
      callbacks.forEach((callback) => callback());
      callbacks.clear();
    },
  };
}

/**
 * Calls `callback` when `signal` is aborted, until the function that it returns is called. All callbacks
 * of a signal share one listener: Node warns of more than ten.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let subscription = subscriptions.get(signal);
  if (!subscription) subscriptions.set(signal, subscription = createSubscription());
  const { callbacks, callAll } = subscription;
  if (callbacks.size === 0) signal.addEventListener("abort", callAll);
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size === 0) signal.removeEventListener("abort", callAll);
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

/** The same values, until the signal is aborted: then it throws the reason, also while it waits for one. */
export async function* abortableValues<Value>(
  signal: AbortSignal,
  values: AsyncIterable<Value>,
): AsyncGenerator<Value, void, void> {
  const iterator = values[Symbol.asyncIterator]();
  let isOver = false;
  const next = () =>
    iterator.next().catch((error) => {
      isOver = true;
      throw error;
    });
  try {
    while (true) {
      const result = await abortable(signal, next);
      isOver = result.done ?? false;
      if (result.done) return;
      yield result.value;
    }
  } finally {
    const ending = isOver ? undefined : iterator.return?.();
    // An iterator may not end before it has given the value that nobody waits for any more.
    if (signal.aborted) ending?.catch(() => {});
    else await ending;
  }
}

/**
 * Settles as `run` does, which ends when the signal is aborted. If it has not succeeded by then, it
 * rejects with the reason of the signal.
 */
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

/** Settles after a while, or as soon as `signal` is aborted. */
export function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    const timer = setTimeout(end, durationMs);
    const stop = onAbort(signal, end);
    if (signal.aborted) end();
  });
}
