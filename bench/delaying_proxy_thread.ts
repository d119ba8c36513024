/// <reference lib="deno.worker" />
import { startTcpProxy } from "../tests/support/tcp_proxy.ts";
import { startPreciseTimer } from "./precise_timer.ts";

const resources = new AsyncDisposableStack();

self.onmessage = async ({ data }) => {
  if (data === "stop") {
    await resources.disposeAsync();
    return self.postMessage("stopped");
  }
  const { databaseUrl, delayMs } = data;
  // Delays only the way back, so that a round trip needs one timeout.
  const { delay } = resources.use(await startPreciseTimer(delayMs));
  const proxy = resources.use(await startTcpProxy(databaseUrl, { delay }));
  self.postMessage(proxy.url);
};
