/**
 * Older releases of DBOS for TypeScript, with the application of tests/interop/typescript/. After a
 * change of typescript/deno.json, `deno install` in that folder updates its lock file.
 */
import { fileURLToPath } from "node:url";
import { type Language, noDeadlineBeforeStart, typeScript } from "../interop/languages.ts";
import config from "./typescript/deno.json" with { type: "json" };

const configFile = fileURLToPath(new URL("typescript/deno.json", import.meta.url));

function createRelease([version, sdk]: [string, string]): Language {
  const imports = JSON.stringify({ imports: { "@dbos-inc/dbos-sdk": sdk } });
  return {
    ...typeScript,
    name: `TypeScript ${version}`,
    command: [
      Deno.execPath(),
      "run",
      "-A",
      "--no-check",
      "--quiet",
      "--frozen",
      `--config=${configFile}`,
      `--import-map=data:application/json,${encodeURIComponent(imports)}`,
      typeScript.command.at(-1)!,
    ],
    // From 5.1 on, a workflow that has not started is cancelled at its deadline.
    unsupported: {
      ...typeScript.unsupported,
      ...(/^(3|4|5\.0)\./.test(version) && noDeadlineBeforeStart),
    },
    // From 4.9 on, there is a column for the format.
    ...(/^(3|4\.[0-8])\./.test(version) && { serializationType: "native" }),
  };
}

export const typeScriptReleases: Language[] = Object.entries(config.imports).map(createRelease);
