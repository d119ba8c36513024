import { enqueueCases } from "./enqueue_cases.ts";
import { eventCases } from "./event_cases.ts";
import type { Cases } from "./target.ts";
import { manageCases } from "./manage_cases.ts";
import { messageCases } from "./message_cases.ts";
import { resultCases } from "./result_cases.ts";
import { streamCases } from "./stream_cases.ts";
import { transactionCases } from "./transaction_cases.ts";

/** The conformance suite: what must work with every driver, runtime and schema. */
export const cases: Cases = {
  ...enqueueCases,
  ...resultCases,
  ...messageCases,
  ...eventCases,
  ...streamCases,
  ...manageCases,
  ...transactionCases,
};
