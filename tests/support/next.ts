/** Runs a project of Next.js. */
import { assert } from "@std/assert";
import { node } from "./packed.ts";
import { type Service, startService } from "./service.ts";

/** The packages that must be installed in the folder. */
export const nextPackages: readonly string[] = [
  ...["next@16.4.6", "react@19.3.1", "react-dom@19.3.1"],
  ...["typescript@7.0.2", "@types/node@26.6.6", "@types/react@19.3.0"],
];

// Without it, Next.js would make one that is not strict.
const tsconfig = '{ "compilerOptions": { "strict": true, "skipLibCheck": true } }';

function findAddress(printed: string): string | undefined {
  return /Local: +(http:\S+)/.exec(printed)?.[1];
}

/** Builds the project in the folder, which also checks its types, and starts it. */
export async function startNext(folder: string, databaseUrl: string): Promise<Service> {
  await Deno.writeTextFile(`${folder}/tsconfig.json`, tsconfig);
  const env = { NEXT_TELEMETRY_DISABLED: "1", DBOS_SYSTEM_DATABASE_URL: databaseUrl };
  const next = "node_modules/next/dist/bin/next";
  const options = { cwd: folder, env };
  const build = await new Deno.Command(node, { args: [next, "build"], ...options }).output();
  const [stdout, stderr] = [build.stdout, build.stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  assert(build.success, `${stdout}\n${stderr}`);
  const args = [next, "start", "--hostname=127.0.0.1", "--port=0"];
  return await startService(node, args, options, findAddress);
}
