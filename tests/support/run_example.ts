/** Runs examples from the documentation unchanged, with Deno. */

import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { type Document, type Example, expectedOutput } from "./examples.ts";
import { skipReason } from "./db_postgres.ts";
import { startNeonProxy } from "./neon_proxy.ts";
import { needsTypedOrms } from "./typed_orms.ts";

const root = new URL("../../", import.meta.url);
const exports: Record<string, string> = config.exports;

/** The flags with which Deno finds the packages that the tests use. */
export const testFlags: string[] = JSON.parse(Deno.env.get("DBOS_TEST_FLAGS") ?? "[]");

/** Whether an example can run here. Some need a JSR package or Bun, or run in another test. */
export function isRunnable({ code, language }: Example): boolean {
  if (language === "python" || code.includes('from "bun"') || needsTypedOrms({ code })) {
    return false;
  }
  return skipReason === undefined || !code.includes("@db/postgres");
}

/** The release of Neon's driver that an example uses, if it uses one. */
function neonOf({ code }: Pick<Example, "code">): string | undefined {
  const [found] = /@neondatabase\/serverless|@vercel\/postgres/.exec(code) ?? [];
  return found?.replace("@vercel/postgres", "@neondatabase/serverless-of-vercel");
}

/** Has Neon's driver find the stand-in for Neon's proxy. */
function beforeExample(example: Example): string {
  const neon = neonOf(example);
  if (!neon) return "";
  const support = new URL("tests/support/use_neon_proxy.ts", root).href;
  return `import { neonConfig as config } from "${neon}";
    import { useNeonProxy } from "${support}";
    useNeonProxy(config);
    `;
}

/** Calls a Worker of Cloudflare with what it would be called with. */
function afterExample({ code }: Example): string {
  if (!code.includes("env.HYPERDRIVE")) return "";
  return `
    const connectionString = process.env.DBOS_SYSTEM_DATABASE_URL!;
    const request = new Request("http://localhost/");
    const response = await worker.fetch(request, { HYPERDRIVE: { connectionString } });
    if (!("workflowID" in await response.json())) throw new Error("The worker enqueued nothing");
    `;
}

/** The name of an example that others import, which is in its first line. */
function moduleNameOf({ code }: Example): string | undefined {
  return /^\/\/ (\w+\.ts)\n/.exec(code)?.[1];
}

/** Writes the examples of a document that others import. */
export async function writeModules(directory: string, { programs }: Document): Promise<void> {
  const modules = programs.filter(moduleNameOf);
  await Promise.all(modules.map((example) => writeExample(directory, example)));
}

/** Writes an example to a file, with imports of the library from this repository. */
export async function writeExample(directory: string, example: Example): Promise<string> {
  const extension = { ts: "ts", js: "mjs", python: "py" }[example.language];
  const name = moduleNameOf(example) ?? `${example.place.replace(/\W/g, "_")}.${extension}`;
  const file = `${directory}/${name}`;
  const code = example.code
    .replaceAll(
      /"@dbos-community\/client((?:\/\w+)?)"/g,
      (_, name: string) => JSON.stringify(new URL(exports[`.${name}`]!, root).href),
    )
    // The client that Prisma would have generated.
    .replaceAll(
      '"./generated/prisma/client.ts"',
      JSON.stringify(new URL("tests/support/prisma_client.ts", root).href),
    )
    .replace(/^export default (?=\{[^]*env\.HYPERDRIVE)/m, "const worker = ")
    .replaceAll('"postgres://localhost/shop_dbos_sys"', "process.env.DBOS_SYSTEM_DATABASE_URL!");
  await Deno.writeTextFile(file, `${beforeExample(example)}${code}${afterExample(example)}`);
  return file;
}

/** Runs a command to its end, and returns its output. */
export async function run(
  [program, ...args]: readonly string[],
  options: Deno.CommandOptions = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program!, { ...options, args })
    .output();
  const decoder = new TextDecoder();
  const printed = decoder.decode(stdout);
  assert(success, `${program} ${args.join(" ")}\n${printed}\n${decoder.decode(stderr)}`);
  return printed;
}

/** Where and with which variables to run a program. */
export type ProcessOptions = Pick<Deno.CommandOptions, "cwd" | "env">;

/** Runs a program from the documentation, and checks that it prints what its comments say. */
export async function runProgram(
  command: readonly string[],
  example: Pick<Example, "code">,
  systemDatabaseUrl: string,
  options: ProcessOptions = {},
): Promise<void> {
  await using proxy = neonOf(example) ? await startNeonProxy(systemDatabaseUrl) : undefined;
  const url = proxy?.url ?? systemDatabaseUrl;
  const env = {
    ...options.env,
    DBOS_SYSTEM_DATABASE_URL: url,
    // In the guides the reader's own database has this name.
    SHOP_DATABASE_URL: url,
    // Vercel's driver takes only URLs of a pooler or of this host.
    POSTGRES_URL: url.replace("127.0.0.1", "localhost"),
  };
  const lines = (await run(command, { ...options, env })).split("\n");
  const expected = expectedOutput(example);
  assertEquals(lines.filter((line) => expected.includes(line)), expected, lines.join("\n"));
}

/** The command that runs a TypeScript file with Deno. */
export function denoCommand(file: string): string[] {
  return [Deno.execPath(), "run", "-A", "--no-check", ...testFlags, file];
}
