/** Runs Workers in workerd, the runtime of Cloudflare Workers, from `npm:workerd`. */
import { node, run } from "./packed.ts";
import { type Service, startService } from "./service.ts";

/** The packages that must be installed in the folder. */
export const workerdPackages: readonly string[] = ["workerd@1.20261117.1", "esbuild@0.28.2"];

// The bundler of Cloudflare replaces the modules of Node that CommonJS packages require.
const requireNode =
  'import { createRequire } from "node:module"; const require = createRequire("/");';

function toConfig(script: string, databaseUrl: string): string {
  const { hostname, port, pathname, username, password } = new URL(databaseUrl);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = (
      modules = [(name = "worker", esModule = embed "${script}")],
      compatibilityDate = "2026-01-01",
      compatibilityFlags = ["nodejs_compat"],
      bindings = [(name = "HYPERDRIVE", hyperdrive = (
        designator = "postgres",
        database = "${pathname.slice(1)}",
        user = "${username}",
        password = "${password}",
        scheme = "postgres",
      ))],
    )),
    (name = "postgres", external = (address = "${hostname}:${port}", tcp = ())),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
);
`;
}

/** Finds the port in what workerd writes to the file of --control-fd. */
function findAddress(printed: string): string | undefined {
  const port = /"event":"listen","socket":"http","port":(\d+)/.exec(printed)?.[1];
  return port && `http://127.0.0.1:${port}`;
}

/** Bundles a Worker in the folder as Cloudflare does, and starts it with a Hyperdrive. */
export async function startWorkerd(
  folder: string,
  file: string,
  databaseUrl: string,
): Promise<Service> {
  await run(
    folder,
    `${folder}/node_modules/.bin/esbuild`,
    ...[file, `--outfile=${file}.js`, "--bundle", "--format=esm", "--log-level=warning"],
    ...["--platform=node", "--conditions=workerd,worker", "--external:cloudflare:*"],
    `--banner:js=${requireNode}`,
  );
  await Deno.writeTextFile(`${folder}/${file}.capnp`, toConfig(`${file}.js`, databaseUrl));
  // The program on the PATH of npm starts this one, but does not end it.
  const program = await run(folder, node, "-p", 'require("workerd").default');
  const args = ["serve", `${file}.capnp`, "--control-fd=1"];
  return await startService(program.trim(), args, { cwd: folder }, findAddress);
}
