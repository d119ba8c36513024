import { PGlite } from "@electric-sql/pglite";
import * as library from "../../mod.ts";
import { createPglitePool } from "../support/pglite_pool.ts";
import { launchApp, shutdownApp } from "../support/worker_app.ts";
import { testConformance } from "./test_conformance.ts";

testConformance("npm:@electric-sql/pglite and the worker in the same process", async () => {
  const database = await PGlite.create();
  await launchApp({ systemDatabasePool: createPglitePool(database) });
  return {
    library,
    client: database,
    schema: "dbos",
    transaction: (body) => database.transaction((transaction) => body(transaction)),
    query: async (text, values) =>
      (await database.query<Record<string, unknown>>(text, values)).rows,
    async [Symbol.asyncDispose]() {
      await shutdownApp();
      await database.close();
    },
  };
});
