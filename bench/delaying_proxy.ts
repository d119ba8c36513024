/** A proxy that delays responses. It runs in its own thread, so that it does not slow clients. */

export interface DelayingProxy extends AsyncDisposable {
  /** The URL of the database through the proxy. */
  readonly url: string;
}

/** Starts a proxy that makes each round trip longer by `roundTripMs`. */
export async function startDelayingProxy(
  databaseUrl: string,
  roundTripMs: number,
): Promise<DelayingProxy> {
  const thread = new Worker(new URL("delaying_proxy_thread.ts", import.meta.url), {
    type: "module",
  });
  const receive = () =>
    new Promise<string>((resolve, reject) => {
      thread.onmessage = ({ data }) => resolve(data);
      thread.onerror = ({ message }) => reject(new Error(`Cannot run the proxy: ${message}`));
    });
  const started = receive();
  thread.postMessage({ databaseUrl, delayMs: roundTripMs });
  return {
    url: await started,
    async [Symbol.asyncDispose]() {
      const stopped = receive();
      thread.postMessage("stop");
      await stopped;
      thread.terminate();
    },
  };
}
