import { createClient } from "../../mod.ts";
import { Pool, skipReason } from "../support/db_postgres.ts";
import { createCaller } from "./caller.ts";
import { type OpenCaller, testFaults } from "./faults.ts";
import { testPoolerFaults } from "./pooler_faults.ts";

const open: OpenCaller = (url, options, maxConnections) => {
  const pool = new Pool(url, maxConnections, true);
  return Promise.resolve({
    ...createCaller(createClient(pool, options)),
    [Symbol.asyncDispose]: () => pool.end(),
  });
};

Deno.test({
  name: "faults over jsr:@db/postgres",
  ignore: skipReason !== undefined,
  async fn(test) {
    await testFaults(open, { discards: true }, test);
    await testPoolerFaults(open, test);
  },
});
