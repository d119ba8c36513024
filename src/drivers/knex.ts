import type { CustomDriver } from "./driver.ts";
import { isLostPgConnection } from "./error_codes.ts";
import { asTexts } from "./pg_executor.ts";
import { checkPostgres } from "./postgres_only.ts";

interface Raw extends PromiseLike<{ rows: object[] }> {
  options(options: typeof asTexts): Raw;
}

interface Knex {
  raw(text: string, values: readonly unknown[]): Raw;
  readonly client: { readonly dialect?: string };
}

/** Knex numbers the parameters itself: each is a question mark. Other question marks are escaped. */
function toQuestionMarks(
  text: string,
  values: readonly unknown[],
): { text: string; values: unknown[] } {
  const ordered: unknown[] = [];
  const replaced = text.replace(/"[^"]*"|\$(\d+)|\?/g, (match, index?: string) => {
    if (!index) return match.replaceAll("?", "\\?");
    ordered.push(values[Number(index) - 1]);
    return "?";
  });
  return { text: replaced, values: ordered };
}

/** Knex puts the statement in front of the message, by which a lost connection is recognised. */
function removeStatement(error: unknown): unknown {
  if (error instanceof Error) error.message = error.message.split(" - ").at(-1)!;
  return error;
}

/** Sends statements through a `Knex` or a `Knex.Transaction`. */
export function toKnexDriver(knex: Knex): CustomDriver {
  const { dialect } = knex.client;
  checkPostgres("a Knex", dialect, dialect === "postgresql");
  return {
    async query(...statement) {
      const { text, values } = toQuestionMarks(...statement);
      try {
        return (await knex.raw(text, values).options(asTexts)).rows;
      } catch (error) {
        throw removeStatement(error);
      }
    },
    isLostConnection: isLostPgConnection,
  };
}
