/** Runs functions on `npm:edge-runtime`, the Edge runtime of Vercel. */
import { node, run } from "./packed.ts";
import { type Service, startService } from "./service.ts";

/** The packages that must be installed in the folder. */
export const edgeRuntimePackages: readonly string[] = [
  "edge-runtime@4.0.1",
  "esbuild@0.28.2",
  "@neondatabase/serverless@1.2.0",
];

function toEntry(file: string, proxyUrl: string): string {
  const sqlUrl = `http://${new URL(proxyUrl).host}/sql`;
  return `import { neonConfig } from "@neondatabase/serverless";
import handle from "./${file}";
neonConfig.fetchEndpoint = ${JSON.stringify(sqlUrl)};
addEventListener("fetch", (event) => event.respondWith(handle(event.request)));
`;
}

function findAddress(printed: string): string | undefined {
  return /requests at \W*(http:[\w.:/]+)/.exec(printed)?.[1];
}

/** Bundles a function in the folder as Vercel does, and starts it behind a proxy such as Neon's. */
export async function startEdgeFunction(
  folder: string,
  file: string,
  proxyUrl: string,
): Promise<Service> {
  const [entry, script] = [`${file}.entry.js`, `${file}.js`];
  await Deno.writeTextFile(`${folder}/${entry}`, toEntry(file, proxyUrl));
  await run(
    folder,
    `${folder}/node_modules/.bin/esbuild`,
    ...[entry, `--outfile=${script}`, "--bundle", "--format=iife", "--log-level=warning"],
    ...["--platform=browser", "--conditions=edge-light"],
    // Vercel puts environment variables in the code.
    `--define:process.env.DBOS_SYSTEM_DATABASE_URL=${JSON.stringify(proxyUrl)}`,
  );
  const args = ["node_modules/edge-runtime/dist/cli/index.js", "--listen", "--port=0", script];
  return await startService(node, args, { cwd: folder, env: { NO_COLOR: "1" } }, findAddress);
}
