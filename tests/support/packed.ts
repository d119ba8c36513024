/**
 * The package as `deno pack` makes it, installed by npm for Node and for Bun.
 *
 * DBOS_TEST_NODE and DBOS_TEST_BUN name the programs to use instead of the `node` on the PATH and the
 * Bun on npm.
 */
import { assert } from "@std/assert";
import { cp } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };
import { optionalPeers, pack as packTo } from "../../scripts/pack.ts";

export const rootUrl: URL = new URL("../../", import.meta.url);
export const root: string = fileURLToPath(rootUrl);
export const node: string = Deno.env.get("DBOS_TEST_NODE") ?? "node";

const givenBun = Deno.env.get("DBOS_TEST_BUN");
const drivers = ["@neondatabase/serverless", "pg", "postgres", "superjson"].map((name) =>
  `${name}@${versionOf(name)}`
);
const types = ["@types/node@26.6.6", "@types/pg@8.23.1"];
const bun = givenBun ? [] : ["bun@1.4.5"];
const tools = ["typescript@7.0.2"];

function succeeds(command: string, ...args: string[]): boolean {
  try {
    return new Deno.Command(command, { args, stdin: "null" }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Why the package cannot be packed or installed here; undefined if it can. */
export function findMissingTool(): string | undefined {
  if (!succeeds(Deno.execPath(), "pack", "--help")) return "this Deno has no `deno pack`";
  // npm needs Node. If Node is missing, Deno itself may run as `node`.
  if (!succeeds("npm", "--version")) return "npm is missing";
}

/** Runs a command, and returns its output. */
export async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  const signal = AbortSignal.timeout(600_000);
  const output = await new Deno.Command(command, { args, cwd, signal }).output();
  const [stdout, stderr] = [output.stdout, output.stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  ) as [string, string];
  assert(output.success, `${command} ${args.join(" ")}\n${stdout}\n${stderr}`);
  return stdout;
}

/** The version of an npm package in deno.json. */
export function versionOf(name: string): string {
  const imports: Record<string, string> = config.imports;
  return imports[name]!.split("@").at(-1)!;
}

/** Creates `package.tgz` in the folder, and unpacks it to `package/`. */
export async function pack(folder: string): Promise<void> {
  await packTo(`${folder}/package.tgz`);
  await run(folder, "tar", "-xzf", "package.tgz");
}

/**
 * Bundles a program of the tests to one JavaScript file, which imports the library and the drivers
 * from its folder. It uses the stand-ins even if JSR is reachable, because `@std/assert` needs Node 22.
 */
export async function bundle(program: string, output: string): Promise<void> {
  const standIns = Object.fromEntries(
    ["assert", "uuid"].map((name) => [
      `@std/${name}`,
      new URL(`tests/npm_only/${name}.ts`, rootUrl).href,
    ]),
  );
  const importMap = JSON.stringify({ imports: { ...config.imports, ...standIns } });
  const externals = [
    "@dbos-community/client",
    "@dbos-inc/dbos-sdk",
    "@neondatabase/serverless",
    "@electric-sql/pglite",
    "pg",
    "postgres",
  ];
  const flags = [
    "--quiet",
    "--check",
    "--no-lock",
    `--import-map=data:application/json,${encodeURIComponent(importMap)}`,
    ...externals.map((name) => `--external=${name}`),
    `--output=${output}`,
  ];
  await run(root, Deno.execPath(), "bundle", ...flags, program);
}

/** Installs the package, the drivers, the tools that the tests need, and further packages. */
export async function install(
  folder: string,
  tarball: string,
  ...packages: string[]
): Promise<void> {
  await installWithBun(folder, tarball, ...drivers, ...types, ...tools, ...packages);
}

/** Installs Bun and the drivers, without the package. */
export async function installDrivers(folder: string): Promise<void> {
  await installWithBun(folder, ...drivers);
}

/** Installs Bun only. */
export async function installBun(folder: string): Promise<void> {
  await installWithBun(folder);
}

/** Installs packages and Bun. */
export async function installWithBun(folder: string, ...packages: string[]): Promise<void> {
  await installPackages(folder, ...packages, ...bun);
  // Installs the program of Bun, which npm does itself only if install scripts are allowed.
  if (!givenBun) await run(folder, node, "node_modules/bun/install.js");
}

/** Installs Node 20, the oldest release that is supported, and Bun. Returns a folder for the PATH. */
export async function installRuntimes(folder: string): Promise<string> {
  // What npm's `node` would download in an install script.
  const node20 = `node-${Deno.build.os}-${Deno.build.arch === "x86_64" ? "x64" : "arm64"}`;
  await installWithBun(folder, `${node20}@20.20.2`);
  const programs = {
    deno: Deno.execPath(),
    node: `${folder}/node_modules/${node20}/bin/node`,
    bun: bunFor(folder),
  };
  await Deno.mkdir(`${folder}/bin`);
  for (const [name, program] of Object.entries(programs)) {
    await Deno.symlink(program, `${folder}/bin/${name}`);
  }
  return `${folder}/bin`;
}

/**
 * Copies what is published to JSR into `client/` of the folder, and writes a deno.json that has the
 * package from there, as `deno add` would from JSR.
 */
export async function copyPublished(folder: string): Promise<void> {
  const { name, version, exports, publish } = config;
  const client = `${folder}/client`;
  for (const path of publish.include) {
    await cp(`${root}${path}`, `${client}/${path}`, { recursive: true });
  }
  const npm = (name: string) => [name, `npm:${name}@${versionOf(name)}`];
  const packages = [
    "@opentelemetry/api",
    "@stricli/core",
    "croner",
    "pg",
    "superjson",
    ...Object.keys(optionalPeers),
  ];
  const imports = Object.fromEntries(packages.map(npm));
  const published = { name, version, exports, imports };
  await Deno.writeTextFile(`${client}/deno.json`, JSON.stringify(published));
  const user = { imports: { [name]: `jsr:${name}@^${version}` }, links: [client] };
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(user));
}

/** Installs packages of npm in a folder, and no others. */
export async function installPackages(folder: string, ...packages: string[]): Promise<void> {
  await Deno.writeTextFile(`${folder}/package.json`, '{ "private": true, "type": "module" }');
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", `--prefix=${folder}`];
  await run(folder, "npm", "install", ...flags, ...packages);
}

/** The Bun to use with what is installed in a folder. */
export function bunFor(folder: string): string {
  return givenBun ?? `${folder}/node_modules/.bin/bun`;
}
