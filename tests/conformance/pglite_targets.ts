import { PGlite } from "@electric-sql/pglite";
import { createPglitePool, pgParsers } from "../support/pglite_pool.ts";
import { launchApp, shutdownApp } from "../support/worker_app.ts";
import type { Fixture } from "./driver_targets.ts";
import { hostileParsers, parsersByID } from "./hostile_parsers.ts";
import type { TestTarget } from "./target.ts";

type Parsers = Map<number, (text: string) => unknown>;

async function openPglite(
  { library }: Pick<Fixture, "library">,
  parsers: Parsers = new Map(),
): Promise<TestTarget> {
  const database = await PGlite.create({ parsers: Object.fromEntries(parsers) });
  await launchApp({ systemDatabasePool: createPglitePool(database) });
  return {
    library,
    client: database,
    schema: "dbos",
    transaction: (body) => database.transaction((transaction) => body(transaction)),
    query: async (text, values) =>
      (await database.query<Record<string, unknown>>(text, values, { parsers: pgParsers })).rows,
    async [Symbol.asyncDispose]() {
      await shutdownApp();
      await database.close();
    },
  };
}

const name = "npm:@electric-sql/pglite";

/**
 * The targets of PGlite, with the worker in the same process. A process has only one worker, so only
 * one of them can be open.
 */
export const pgliteTargets: Record<
  string,
  (fixture: Pick<Fixture, "library">) => Promise<TestTarget>
> = {
  [name]: (fixture) => openPglite(fixture),
  ...Object.fromEntries(
    Object.entries(hostileParsers).map(([setting, parsers]) => [
      `${name} with ${setting}`,
      (fixture) => openPglite(fixture, parsersByID(parsers)),
    ]),
  ),
};
