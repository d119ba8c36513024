/** Checks what waits on queues, and for which application versions. */

import { listApplicationVersions } from "../../applications/versions.ts";
import { countWorkflows } from "../../lists/count.ts";
import { listWorkflows } from "../../lists/list.ts";
import { explainWorkflow } from "../../workflows/explain_workflow.ts";
import { findQueueLoads } from "../commands/applications.ts";
import { formatDuration } from "../text.ts";
import type { Check } from "./check.ts";

const oldMs = 60_000;

export const checkQueues: Check = async (client, report) => {
  const loads = await findQueueLoads(client);
  const total = loads.reduce((sum, { enqueued }) => sum + enqueued, 0);
  const registered = loads.filter(({ isRegistered }) => isRegistered).length;
  report.ok(
    `${registered} ${registered === 1 ? "queue is" : "queues are"} registered, and ${total} ${
      total === 1 ? "workflow is" : "workflows are"
    } enqueued`,
  );
  for (const { name, enqueued, oldestCreatedAt } of loads) {
    const waitedMs = oldestCreatedAt === null ? 0 : Date.now() - oldestCreatedAt;
    if (waitedMs < oldMs) continue;
    const [oldest] = await listWorkflows(client, {
      queueName: name,
      status: "ENQUEUED",
      limit: 1,
      loadInput: false,
      loadOutput: false,
    });
    if (!oldest) continue;
    const { message } = await explainWorkflow(client, oldest.workflowID);
    report.warn(
      `Queue ${name} has ${enqueued} enqueued workflow${
        enqueued === 1 ? "" : "s"
      }, the oldest for ${formatDuration(waitedMs)}`,
      message,
    );
  }
};

export const checkVersions: Check = async (client, report) => {
  const versions = await listApplicationVersions(client);
  const latest = new Map<string, string>();
  for (const { applicationName = "", versionName } of versions) {
    if (!latest.has(applicationName)) latest.set(applicationName, versionName);
  }
  if (latest.size === 0) {
    return report.warn(
      "No worker has registered an application version",
      "Launch a worker: workflows stay ENQUEUED until one runs",
    );
  }
  report.ok(
    `Latest version: ${
      [...latest].map(([application, version]) =>
        application === "" ? version : `${version} of application ${application}`
      ).join(", ")
    }. Which workers run is not in the database`,
  );
  const waiting = await countWorkflows(client, {
    status: ["ENQUEUED", "PENDING", "DELAYED"],
    groupBy: ["applicationVersion"],
  });
  const current = new Set(latest.values());
  for (const { applicationVersion, count } of waiting) {
    if (applicationVersion == null || current.has(applicationVersion)) continue;
    report.warn(
      `${count} unfinished ${count === 1 ? "workflow is" : "workflows are"} of version ` +
        `${applicationVersion}, which is not the latest`,
      "Keep workers of that version running until they have ended, or fork them to another one",
    );
  }
};
