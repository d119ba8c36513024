/**
 * A caller of `Bun.sql` that takes its calls from stdin, one a line, and writes the outcomes to
 * stdout: `program.js URL OPTIONS MAX_CONNECTIONS`.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { createClient, type SqlTagDriver } from "../../mod.ts";
import { createCaller } from "./caller.ts";

declare const Bun: {
  SQL: new (
    url: string,
    options: object,
  ) => SqlTagDriver & { close(options: object): Promise<void> };
};

const [url, options, maxConnections] = process.argv.slice(2);
// It notices only at this timeout that a server has closed a connection at once.
const sql = new Bun.SQL(url!, { max: Number(maxConnections), connectionTimeout: 2 });
const caller = createCaller(createClient(sql, JSON.parse(options!)));
const running = new Map<number, AbortController>();

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, parameter } = JSON.parse(line);
  if (method === "abort") {
    running.get(parameter)?.abort();
    continue;
  }
  const aborting = new AbortController();
  running.set(id, aborting);
  const call = method === "query"
    ? caller.query(parameter, aborting.signal)
    : caller[method as "enqueue" | "fail"](parameter);
  call.then(
    (result: unknown) => ({ id, result }),
    (error: Error) => ({ id, error: `${error.name} ${error.message}` }),
  ).then((outcome) => console.log(JSON.stringify(outcome)));
}
process.exit();
