import { codeOf } from "./lost_connection.ts";
import { sqlStateOf } from "./sql_state.ts";

const word = /^\w{1,50}$/;

/** Names an error in a few words. Its message is left out, since it may quote a value or a URL. */
export function toFaultText(error: unknown): string {
  const state = sqlStateOf(error);
  if (state) return `SQLSTATE ${state}`;
  const name = error instanceof Error && error.name !== "Error" ? error.name : "";
  return [codeOf(error), name].find((text) => word.test(text)) ?? "an error without a code";
}
