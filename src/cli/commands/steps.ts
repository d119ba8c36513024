/** The command that lists the steps of a workflow. */

import { buildCommand } from "@stricli/core";
import { listWorkflowSteps } from "../../lists/steps.ts";
import { type CliCommand, describe } from "../command.ts";
import { withClient } from "../connection.ts";
import { CliError } from "../errors.ts";
import {
  commonAliases,
  type CommonFlags,
  commonFlags,
  numberFlag,
  pickOptions,
  workflowIDParameter,
} from "../flags.ts";
import { printRecords } from "../table.ts";
import { formatDuration, formatError, formatTime, toReadableLine } from "../text.ts";

interface StepsFlags extends CommonFlags {
  readonly limit?: number;
  readonly offset?: number;
}

export const steps: CliCommand = buildCommand({
  docs: describe(
    "steps",
    "WORKFLOW_ID",
    "",
    "dbos-client steps task-7",
    "dbos-client steps task-7 --limit 20",
  ),
  parameters: {
    flags: {
      limit: numberFlag("How many to list at most", "count"),
      offset: numberFlag("How many to skip", "count"),
      ...commonFlags,
    },
    aliases: { ...commonAliases },
    positional: { kind: "tuple", parameters: [workflowIDParameter] },
  },
  func: (flags: StepsFlags, workflowID: string) =>
    withClient(flags, async (client) => {
      const found = await listWorkflowSteps(client, workflowID, {
        ...pickOptions(flags, "limit", "offset"),
      });
      if (!found) {
        throw new CliError(
          `Cannot list the steps of workflow ${workflowID}: there is no such workflow`,
        );
      }
      await printRecords(flags, found, [
        { title: "STEP", value: ({ functionID }) => functionID, isRight: true },
        { title: "NAME", value: ({ name }) => name, cut: 1 },
        { title: "STARTED", value: ({ startedAtEpochMs }) => formatTime(startedAtEpochMs) },
        {
          title: "TOOK",
          value: ({ startedAtEpochMs: start, completedAtEpochMs: end }) =>
            start !== undefined && end !== undefined ? formatDuration(end - start) : "",
        },
        { title: "CHILD", value: ({ childWorkflowID }) => childWorkflowID, cut: 2 },
        {
          title: "RESULT",
          value: ({ output, error }) =>
            error ? formatError(error) : output === null ? "" : toReadableLine(output),
          style: ({ error }) => error ? "red" : undefined,
          cut: 3,
        },
      ]);
    }),
});
