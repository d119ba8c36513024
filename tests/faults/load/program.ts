/** Programs under load, one for each driver. */
import { fileURLToPath } from "node:url";
import { bunSkipReason, prepareFolder } from "../bun_caller.ts";
import { bunFor } from "../../support/packed.ts";
import { skipReason } from "../../support/db_postgres.ts";
import { startRequestProcess } from "../../support/request_process.ts";
import { denoCommand } from "../../support/run_example.ts";
import type { Methods } from "./serve.ts";

/** A program under load. */
export interface Program extends AsyncDisposable {
  /** The name of its driver. */
  readonly driver: string;
  request<Name extends keyof Methods>(
    method: Name,
    ...parameters: Parameters<Methods[Name]>
  ): Promise<Awaited<ReturnType<Methods[Name]>>>;
}

const skipReasons: Record<string, string | undefined> = {
  "npm:pg": undefined,
  "npm:postgres": undefined,
  "connect()": undefined,
  "Bun.sql": bunSkipReason,
  "jsr:@db/postgres": skipReason,
};

/** The drivers that can be used here. */
export const drivers: readonly string[] = Object.keys(skipReasons)
  .filter((driver) => skipReasons[driver] === undefined);

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

function start(driver: string, command: readonly string[], folder?: string): Program {
  const process = startRequestProcess(command, folder);
  return {
    driver,
    async request(method, ...parameters) {
      const { response } = await process.request({ method, parameters });
      return await response;
    },
    async [Symbol.asyncDispose]() {
      await process[Symbol.asyncDispose]();
      if (folder !== undefined) await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Starts the program of a driver. */
export async function startProgram(driver: string): Promise<Program> {
  if (driver !== "Bun.sql") {
    return start(driver, [...denoCommand(pathOf("deno_program.ts")), driver]);
  }
  const folder = await Deno.makeTempDir();
  await prepareFolder(folder, pathOf("bun_program.ts"));
  return start(driver, [bunFor(folder), "program.js"], folder);
}
