import { PGlite } from "@electric-sql/pglite";
import * as library from "../../mod.ts";
import { createPglitePool, pgParsers } from "../support/pglite_pool.ts";
import { launchApp, shutdownApp } from "../support/worker_app.ts";
import { hostileParsers, parsersByID } from "./hostile_parsers.ts";
import type { TestTarget } from "./target.ts";
import { testConformance } from "./test_conformance.ts";

type Parsers = Map<number, (text: string) => unknown>;

async function openTarget(parsers: Parsers = new Map()): Promise<TestTarget> {
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

const name = "npm:@electric-sql/pglite and the worker in the same process";
testConformance(name, () => openTarget());
for (const [setting, parsers] of Object.entries(hostileParsers)) {
  testConformance(`${name}, with ${setting}`, () => openTarget(parsersByID(parsers)));
}
