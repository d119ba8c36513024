/** The command that waits for a result. */

import { buildCommand } from "@stricli/core";
import type { Client } from "../../client/client.ts";
import type { WaitOptions } from "../../polling/waiter.ts";
import { type CliCommand, describe } from "../command.ts";
import { withClient } from "../connection.ts";
import { CliError } from "../errors.ts";
import {
  asSeconds,
  commonAliases,
  type CommonFlags,
  commonFlags,
  numberFlag,
  workflowIDParameter,
} from "../flags.ts";
import { type FormatFlags, printRecord } from "../table.ts";
import { toReadable } from "../text.ts";

/** Waits for the result of a workflow, and prints it. The error of a workflow becomes a `CliError`. */
export async function printResult(
  client: Client,
  workflowID: string,
  flags: FormatFlags,
  options: WaitOptions,
): Promise<void> {
  const [{ waitForResult }, { WorkflowError }] = await Promise.all([
    import("../../workflows/wait_for_result.ts"),
    import("../../errors/workflow_error.ts"),
  ]);
  let result: unknown;
  try {
    result = await waitForResult(client, workflowID, options, false, undefined);
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error;
    throw new CliError(`Workflow ${workflowID} failed: ${error.name}: ${error.message}`);
  }
  await printRecord(flags, result, () => toReadable(result));
}

interface ResultFlags extends CommonFlags {
  readonly timeout?: number;
}

export const result: CliCommand = buildCommand({
  docs: describe(
    "result",
    "WORKFLOW_ID",
    "It also waits for a workflow that does not exist yet.",
    "dbos-client result task-7 --timeout 30",
    "dbos-client result task-7 --timeout 0   # or exit code 4 if it has not ended",
  ),
  parameters: {
    flags: {
      timeout: numberFlag("How long to wait, by default without limit", "seconds", asSeconds),
      ...commonFlags,
    },
    aliases: { t: "timeout", ...commonAliases },
    positional: { kind: "tuple", parameters: [workflowIDParameter] },
  },
  func: ({ timeout, ...flags }: ResultFlags, workflowID: string) =>
    withClient(flags, (client) =>
      printResult(client, workflowID, flags, {
        ...timeout !== undefined && { timeoutSeconds: timeout },
      })),
});
