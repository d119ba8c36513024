/// <reference lib="deno.worker" />
import { startTcpProxy, type TcpProxy } from "../tests/support/tcp_proxy.ts";

let proxy: TcpProxy | undefined;

self.onmessage = async ({ data }) => {
  if (data === "stop") {
    await proxy?.[Symbol.asyncDispose]();
    return self.postMessage("stopped");
  }
  const { databaseUrl, delayMs } = data;
  proxy = await startTcpProxy(databaseUrl, { delayMs });
  self.postMessage(proxy.url);
};
