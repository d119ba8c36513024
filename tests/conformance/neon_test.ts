import { startNeonProxy } from "../support/neon_proxy.ts";
import { neonTargets } from "./neon_targets.ts";
import { testServerConformance } from "./test_conformance.ts";

for (const [name, open] of Object.entries(neonTargets)) {
  testServerConformance(name, async (fixture) => {
    const resources = new AsyncDisposableStack();
    const proxy = resources.use(await startNeonProxy(fixture.url));
    const target = resources.use(await open({ ...fixture, proxyUrl: proxy.url }));
    return { ...target, [Symbol.asyncDispose]: () => resources.disposeAsync() };
  });
}
