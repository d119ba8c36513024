/** What a check of a system database is, and what it finds. */

import type { Client } from "../../client/client.ts";

/** What was found, and what to do about it. */
export interface Finding {
  readonly check: string;
  readonly level: "ok" | "warning" | "error";
  readonly message: string;
  readonly advice?: string;
}

/** A check of the database, by its name. */
export type Check = (client: Client, report: Report) => Promise<void>;

/** Takes the findings of a check. */
export interface Report {
  ok(message: string): void;
  warn(message: string, advice?: string): void;
  fail(message: string, advice?: string): void;
}
