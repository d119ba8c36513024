/** Apart from neon_proxy.ts, whose modules some runtimes lack. */

/** The settings of `npm:@neondatabase/serverless` that say where a proxy is. */
interface NeonConfig {
  fetchEndpoint: string | ((host: string, port: number | string) => string);
  wsProxy: string | ((host: string, port: number | string) => string) | undefined;
  useSecureWebSocket: boolean;
  pipelineConnect: "password" | false;
}

const hostname = "127.0.0.1";

/** Has `npm:@neondatabase/serverless` use the proxy that a URL leads to. */
export function useNeonProxy(neonConfig: NeonConfig): void {
  // Whatever the host, such as the localhost on which the packages of Vercel insist.
  neonConfig.fetchEndpoint = (_host, port) => `http://${hostname}:${port}/sql`;
  neonConfig.wsProxy = (_host, port) => `${hostname}:${port}/v2`;
  neonConfig.useSecureWebSocket = false;
  // The test server asks for no password.
  neonConfig.pipelineConnect = false;
}
