/**
 * Older releases of DBOS for TypeScript, with the application of tests/interop/typescript/. After a
 * change of typescript/deno.json, `deno install` in that folder brings its lock up to date.
 */
import { fileURLToPath } from "node:url";
import { type Language, startedOnly, typeScript } from "../interop/languages.ts";
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
    // The first that cancels what has not started is 5.1.
    impossible: {
      ...typeScript.impossible,
      ...(/^(3|4|5\.0)\./.test(version) && startedOnly),
    },
    // The first that has a column for the format is 4.9.
    ...(/^(3|4\.[0-8])\./.test(version) && { serializationType: "native" }),
  };
}

export const typeScriptReleases: Language[] = Object.entries(config.imports).map(createRelease);
