/** Commands that show one workflow: its status, or why it has not ended. */

import { buildCommand } from "@stricli/core";
import { explainWorkflow } from "../../workflows/explain_workflow.ts";
import { getStatus, type WorkflowStatus } from "../../workflows/workflow_status.ts";
import { type CliCommand, describe } from "../command.ts";
import { withClient } from "../connection.ts";
import { CliError } from "../errors.ts";
import { escapeLines } from "../escape.ts";
import { commonAliases, type CommonFlags, commonFlags, workflowIDParameter } from "../flags.ts";
import { isJson, printRecord, styleOfStatus } from "../table.ts";
import { stdout } from "../terminal.ts";
import { formatError, formatTime, toReadableLine } from "../text.ts";

/** The lines of a status for people, one for each of its fields. */
function formatStatus(status: WorkflowStatus): string {
  const names = Object.keys(status) as (keyof WorkflowStatus)[];
  const width = Math.max(...names.map((name) => name.length));
  const isTime = (name: string) => /At$|EpochMS$/.test(name);
  return names.filter((name) => status[name] !== "").map((name) => {
    const value = status[name];
    let text: string;
    if (name === "error") text = escapeLines(formatError(value));
    else if (isTime(name)) text = formatTime(Number(value));
    else text = toReadableLine(value);
    const style = name === "status" ? styleOfStatus(status.status) : undefined;
    return `${stdout.paint("bold", name.padEnd(width))}  ${
      style ? stdout.paint(style, text) : text
    }`;
  }).join("\n");
}

export const show: CliCommand = buildCommand({
  docs: describe(
    "show",
    "WORKFLOW_ID",
    "",
    "dbos-client show task-7",
    "dbos-client show task-7 | jq .output",
  ),
  parameters: {
    flags: { ...commonFlags },
    aliases: { ...commonAliases },
    positional: { kind: "tuple", parameters: [workflowIDParameter] },
  },
  func: (flags: CommonFlags, workflowID: string) =>
    withClient(flags, async (client) => {
      const status = await getStatus(client, workflowID);
      if (!status) {
        throw new CliError(`Cannot show workflow ${workflowID}: there is no such workflow`);
      }
      await printRecord(flags, status, () => formatStatus(status));
    }),
});

export const explain: CliCommand = buildCommand({
  docs: describe("explain", "WORKFLOW_ID", "", "dbos-client explain task-7"),
  parameters: {
    flags: { ...commonFlags },
    aliases: { ...commonAliases },
    positional: { kind: "tuple", parameters: [workflowIDParameter] },
  },
  func: (flags: CommonFlags, workflowID: string) =>
    withClient(flags, async (client) => {
      const explanation = await explainWorkflow(client, workflowID);
      if (explanation.reason === "not_found" && !isJson(flags)) {
        throw new CliError(explanation.message);
      }
      await printRecord(flags, explanation, () => escapeLines(explanation.message));
      if (explanation.reason === "not_found") {
        throw new CliError(`Cannot explain workflow ${workflowID}: there is no such workflow`);
      }
    }),
});
