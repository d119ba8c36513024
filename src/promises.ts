/** Functions that return promises: loaded on demand, or run one after the other. */

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
