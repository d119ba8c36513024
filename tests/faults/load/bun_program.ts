/** A program of Bun under load. */
import { createClient, type SqlTagDriver } from "../../../mod.ts";
import { serve } from "./serve.ts";

declare const Bun: {
  SQL: new (
    url: string,
    options: object,
  ) => SqlTagDriver & { close(options: object): Promise<void> };
};

await serve(({ url, maxConnections, options }) => {
  const { prepare = true } = options;
  // It notices only at this timeout that a server has closed a connection at once.
  const sql = new Bun.SQL(url, { max: maxConnections, prepare, connectionTimeout: 2 });
  return { client: createClient(sql, options), close: () => sql.close({ timeout: 0 }) };
});
