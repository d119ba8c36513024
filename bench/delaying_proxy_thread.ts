/// <reference lib="deno.worker" />
import { startTcpProxy } from "../tests/support/tcp_proxy.ts";
import { startAlarmClock } from "./alarm_clock.ts";

const resources = new AsyncDisposableStack();

self.onmessage = async ({ data }) => {
  if (data === "stop") {
    await resources.disposeAsync();
    return self.postMessage("stopped");
  }
  const { databaseUrl, delayMs } = data;
  // All of it on the way back, which is one alarm a round trip.
  const { delay } = resources.use(await startAlarmClock(delayMs));
  const proxy = resources.use(await startTcpProxy(databaseUrl, { delay }));
  self.postMessage(proxy.url);
};
