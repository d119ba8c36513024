import { createClient } from "../../mod.ts";
import { Pool, skipReason } from "../support/db_postgres.ts";
import { createCaller } from "./caller.ts";
import { testFaults } from "./faults.ts";

Deno.test({
  name: "faults over jsr:@db/postgres",
  ignore: skipReason !== undefined,
  fn: (test) =>
    testFaults(
      (url, options, maxConnections) => {
        const pool = new Pool(url, maxConnections, true);
        return Promise.resolve({
          ...createCaller(createClient(pool, options)),
          [Symbol.asyncDispose]: () => pool.end(),
        });
      },
      { discards: true },
      test,
    ),
});
