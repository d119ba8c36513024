import type { Client } from "../client/client.ts";
import type { WorkflowStatus } from "../workflows/workflow_status.ts";
import { CliError } from "./errors.ts";

/** Reads the status of a workflow, without its values. If there is none, the error says what cannot be done. */
export async function readStatus(
  client: Client,
  workflowID: string,
  action: string,
): Promise<WorkflowStatus> {
  const { listWorkflows } = await import("../lists/list.ts");
  const options = { workflowIDs: [workflowID], loadInput: false, loadOutput: false };
  const [status] = await listWorkflows(client, options);
  if (status) return status;
  throw new CliError(`Cannot ${action} workflow ${workflowID}: there is no such workflow`);
}
