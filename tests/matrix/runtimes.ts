/** The runtimes of the matrix, and how the conformance suite runs on each. */
import { bunTargets } from "../conformance/bun_targets.ts";
import { customTargets } from "../conformance/custom_targets.ts";
import { dbPostgresTargets } from "../conformance/db_postgres_targets.ts";
import { driverTargets } from "../conformance/driver_targets.ts";
import { neonTargets } from "../conformance/neon_targets.ts";
import { pgliteTargets } from "../conformance/pglite_targets.ts";
import { skipReason } from "../support/db_postgres.ts";
import { bundle, node, root, rootUrl, run, versionOf } from "../support/packed.ts";
import { testFlags } from "../support/run_example.ts";

/** The system database, and its URL through what stands in for Neon's proxy. */
export interface Urls {
  readonly url: string;
  readonly proxyUrl: string;
}

/** A release of a runtime, which npm installs in a folder with the library and the drivers. */
export interface Runtime {
  /** The name and the version. */
  readonly name: string;
  /** What npm installs for it. */
  readonly packages: readonly string[];
  /** Why drivers cannot run on it, by their names. */
  readonly impossible: ReadonlyMap<string, string>;
  prepare?(folder: string): Promise<void>;
  /** Runs the suite over drivers, and returns what it printed. */
  runSuite(folder: string, urls: Urls, drivers: readonly string[]): Promise<string>;
}

/** A package under a name of its own, so that several versions can be installed in one folder. */
interface Package {
  spec: string;
  path: string;
}

export const matrixFile: URL = new URL("tests/MATRIX.md", rootUrl);

// Their settings do the same on every runtime.
const namesOf = (targets: object) =>
  Object.keys(targets).filter((name) => !/ with(out)? /.test(name));

const pgliteNames = namesOf(pgliteTargets);

/** The rows of the matrix. */
export const drivers: readonly string[] = [
  driverTargets,
  customTargets,
  neonTargets,
  pgliteTargets,
  dbPostgresTargets,
  bunTargets,
].flatMap(namesOf);

/** Those that could run, but not here. */
export const unavailable: readonly string[] = skipReason ? namesOf(dbPostgresTargets) : [];

/** The packages that the programs import, besides the library and the drivers. */
export const sharedPackages: readonly string[] = [
  ...["@electric-sql/pglite", "@dbos-inc/dbos-sdk"].map((name) => `${name}@${versionOf(name)}`),
  "esbuild@0.28.2",
];

/** Bundles the programs that run on the packed package. */
export async function bundlePrograms(folder: string): Promise<void> {
  await bundle("tests/packed/suite.ts", `${folder}/suite.js`);
  await bundle("tests/matrix/pglite_suite.ts", `${folder}/pglite_suite.js`);
  await bundle("tests/matrix/workerd_suite.ts", `${folder}/workerd_suite.js`);
}

function packageOf(name: string, version: string): Package {
  const path = `${name.split("/").at(-1)}-${version}`;
  return { spec: `${path}@npm:${name}@${version}`, path: `node_modules/${path}` };
}

function impossible(...reasons: [targets: object, reason: string][]): Map<string, string> {
  return new Map(
    reasons.flatMap(([targets, reason]) => namesOf(targets).map((name) => [name, reason])),
  );
}

const noBun: [object, string] = [bunTargets, "`Bun.sql` is a part of Bun."];
const noDeno: [object, string] = [
  dbPostgresTargets,
  "`@db/postgres` opens its sockets with functions that only Deno has.",
];

const noWebSocket: [object, string] = [
  { "npm:@neondatabase/serverless Pool": true },
  "Node 20 has no `WebSocket`: set `neonConfig.webSocketConstructor`, such as to that of `npm:ws`.",
];

/** Runs the suite for all drivers with a server, and then that for PGlite. */
async function runSuites(
  drivers: readonly string[],
  runNames: (program: string, names: readonly string[]) => Promise<string>,
): Promise<string> {
  const isPglite = (name: string) => pgliteNames.includes(name);
  const output = await runNames("suite.js", drivers.filter((name) => !isPglite(name)));
  return output + await runNames("pglite_suite.js", drivers.filter(isPglite));
}

/** Has an executable in the folder run the suite on the packed package. */
function runPackage(executable: string): Runtime["runSuite"] {
  return (folder, { url, proxyUrl }, drivers) =>
    runSuites(
      drivers,
      (program, names) => run(folder, `${folder}/${executable}`, program, url, proxyUrl, ...names),
    );
}

/** Deno runs the sources. */
function deno(version: string): Runtime {
  const { spec, path } = packageOf("deno", version);
  return {
    name: `Deno ${version}`,
    packages: [spec],
    impossible: impossible(noBun),
    async runSuite(folder, { url, proxyUrl }, drivers) {
      // A copy, because releases write the lock file in different ways. Deno 2.2 cannot even read it.
      const lock = `${folder}/deno-${version}.lock`;
      await Deno.copyFile(new URL("deno.lock", rootUrl), lock);
      const lockFlag = version.startsWith("2.2.") ? "--no-lock" : `--lock=${lock}`;
      const flags = testFlags.filter((flag) => !/^--(lock|frozen|no-check)/.test(flag));
      const command = [`${folder}/${path}/bin.cjs`, "run", "--allow-all", "--no-check"];
      const program = [...flags, lockFlag, "tests/matrix/deno_suite.ts", url, proxyUrl];
      return await runSuites(
        drivers,
        (_, names) => run(root, node, ...command, ...program, ...names),
      );
    },
  };
}

function nodeJs(version: string): Runtime {
  // npm's `node` would install this package in a script.
  const prefix = Deno.build.os === "darwin" && Deno.build.arch === "aarch64" ? "node-bin" : "node";
  const arch = Deno.build.arch === "x86_64" ? "x64" : "arm64";
  const { spec, path } = packageOf(`${prefix}-${Deno.build.os}-${arch}`, version);
  return {
    name: `Node ${version}`,
    packages: [spec],
    impossible: impossible(noDeno, noBun, ...version.startsWith("20.") ? [noWebSocket] : []),
    runSuite: runPackage(`${path}/bin/node`),
  };
}

function bun(version: string): Runtime {
  const { spec, path } = packageOf("bun", version);
  return {
    name: `Bun ${version}`,
    packages: [spec],
    impossible: impossible(noDeno),
    // npm would do this only if scripts were allowed.
    prepare: async (folder) => void await run(`${folder}/${path}`, node, "install.js"),
    runSuite: runPackage(`${path}/bin/bun.exe`),
  };
}

/** The first date on which `nodejs_compat` has what npm:pg needs. */
const compatibilityDate = "2024-09-23";

/** npm:pg is CommonJS, and requires modules of Node. */
const nodeRequire =
  'import { createRequire } from "node:module"; const require = createRequire("file:///");';

/** What `workerd test` reads: one worker, which may open sockets to the loopback address. */
function workerdConfig({ url, proxyUrl }: Urls, names: readonly string[]): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "suite", worker = (
      modules = [(name = "suite", esModule = embed "workerd.js")],
      compatibilityDate = "${compatibilityDate}",
      compatibilityFlags = ["nodejs_compat"],
      bindings = [
        (name = "url", text = ${JSON.stringify(url)}),
        (name = "proxyUrl", text = ${JSON.stringify(proxyUrl)}),
        (name = "names", json = ${JSON.stringify(JSON.stringify(names))}),
      ],
    )),
    (name = "internet", network = (allow = ["local", "private"])),
  ],
);
`;
}

function workerd(version: string): Runtime {
  const { spec, path } = packageOf("workerd", version);
  return {
    name: `workerd ${version}`,
    packages: [spec],
    impossible: impossible(noDeno, noBun, [
      pgliteTargets,
      "PGlite compiles WebAssembly while it runs, which workerd does not allow.",
    ]),
    // Packages have variants for workerd, which a bundler chooses by these conditions.
    async prepare(folder) {
      const flags = [
        "--bundle",
        "--format=esm",
        "--platform=node",
        "--conditions=workerd,worker,browser",
        "--external:cloudflare:*",
        `--banner:js=${nodeRequire}`,
        "--outfile=workerd.js",
      ];
      await run(folder, "node_modules/.bin/esbuild", ...flags, "workerd_suite.js");
    },
    async runSuite(folder, urls, drivers) {
      await Deno.writeTextFile(`${folder}/workerd.capnp`, workerdConfig(urls, drivers));
      return await run(folder, node, `${path}/bin/workerd`, "test", "workerd.capnp");
    },
  };
}

/** The columns of the matrix. */
export const runtimes: readonly Runtime[] = [
  deno("2.2.0"),
  deno("2.5.7"),
  deno("2.9.6"),
  nodeJs("20.18.0"),
  nodeJs("22.1.0"),
  nodeJs("24.21.0"),
  nodeJs("26.10.0"),
  bun("1.2.3"),
  bun("1.4.5"),
  workerd("1.20261117.1"),
];
