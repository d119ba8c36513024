import type { GetWorkflowsInput, WorkflowStatus } from "@dbos-inc/dbos-sdk";
import {
  getWorkflow,
  listQueuedWorkflows,
  listWorkflows,
  type ListWorkflowsOptions,
  listWorkflowSteps,
} from "../../mod.ts";
import { type DifferentialCase, testDifferential } from "./differential.ts";

type Prepared = Required<Pick<DifferentialCase, "prepare">>;

/** Sets known times, and columns that no client sets. */
const varied: Prepared = {
  prepare: async (query) => {
    // The differences of its error are covered by the test of getStatus().
    await query("delete from dbos.workflow_status where workflow_uuid = 'failed-portable'");
    await query(`with numbered as (
        select workflow_uuid, row_number() over (order by created_at) as number
        from dbos.workflow_status
      )
      update dbos.workflow_status as ws set
        created_at = 1700000000000 + number * 1000,
        started_at_epoch_ms = 1700000000000 + number * 1000 + 100,
        completed_at = 1700000000000 + number * 1000 + 200,
        forked_from = case when number % 4 = 0 then 'origin-' || number % 3 end,
        was_forked_from = number % 5 = 0,
        parent_workflow_id = case when number % 3 = 0 then 'parent-' || number % 2 end,
        schedule_name = case when number % 4 = 1 then 'nightly' end,
        application_name = (array['shop', 'bank', null])[number % 3 + 1],
        application_version = 'v' || number % 3,
        executor_id = 'executor-' || number % 3,
        authenticated_user = 'user-' || number % 3,
        attributes = case when number % 2 = 0
          then jsonb_build_object('customer', number % 4, 'tags', '["a", "b"]'::jsonb) end
      from numbered where numbered.workflow_uuid = ws.workflow_uuid`);
  },
};

const filters: Record<string, GetWorkflowsInput> = {
  "no filter": {},
  "IDs": { workflowIDs: ["waiting", "succeeded", "nobody"] },
  "a name": { workflowName: "echo" },
  "names": { workflowName: ["echo", "nothing"] },
  "a status": { status: "SUCCESS" },
  "statuses of all groups": { status: ["ENQUEUED", "DELAYED", "CANCELLED", "SUCCESS"] },
  "failed statuses": { status: ["ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"] },
  "active statuses": { status: ["ENQUEUED", "PENDING", "DELAYED"], limit: 2 },
  "a start time": { startTime: "2023-11-14T22:13:25Z" },
  "an end time": { endTime: "2023-11-14T22:13:25Z" },
  "a start time and an end time": {
    startTime: "2023-11-14T22:13:25Z",
    endTime: "2023-11-14T22:13:25Z",
  },
  "completion times": {
    completedAfter: "2023-11-14T22:13:25.200Z",
    completedBefore: "2023-11-14T22:13:29.199Z",
  },
  "dequeue times": {
    dequeuedAfter: "2023-11-14T22:13:25.100Z",
    dequeuedBefore: "2023-11-14T22:13:29.099Z",
  },
  "a user": { authenticatedUser: "user-1" },
  "users": { authenticatedUser: ["user-1", "user-2"] },
  "a version": { applicationVersion: "v1" },
  "versions": { applicationVersion: ["v1", "v2"] },
  "an executor": { executorId: "executor-1" },
  "executors": { executorId: ["executor-1", "executor-2"] },
  "a prefix": { workflow_id_prefix: "succ" },
  "prefixes": { workflow_id_prefix: ["succ", "wait", "empty-"] },
  "a queue": { queueName: "idle" },
  "queues": { queueName: ["idle", "tasks", "none"] },
  "queues only": { queuesOnly: true },
  "queues only, and statuses": { queuesOnly: true, status: ["ENQUEUED", "SUCCESS"] },
  "queuesOnly: false": { queuesOnly: false },
  "forks of a workflow": { forkedFrom: "origin-1" },
  "forks of several workflows": { forkedFrom: ["origin-0", "origin-2"] },
  "having forks": { wasForkedFrom: true },
  "having no forks": { wasForkedFrom: false },
  "being a fork": { isFork: true },
  "not being a fork": { isFork: false },
  "a parent": { parentWorkflowID: "parent-1" },
  "parents": { parentWorkflowID: ["parent-0", "parent-1"] },
  "having a parent": { hasParent: true },
  "having no parent": { hasParent: false },
  "attributes": { attributes: { customer: 2 } },
  "nested attributes": { attributes: { tags: ["b"] } },
  "empty attributes": { attributes: {} },
  "a schedule": { scheduleName: "nightly" },
  "schedules": { scheduleName: ["nightly", "daily"] },
  "an application": { applicationName: "shop" },
  "applications": { applicationName: ["shop", "bank"] },
  "an empty list of applications": { applicationName: [] },
  "a limit": { limit: 3 },
  "an offset": { offset: 3 },
  "a limit and an offset": { limit: 3, offset: 2, sortDesc: true },
  "the newest first": { sortDesc: true },
  "no input": { loadInput: false },
  "no output": { loadOutput: false },
  "no payload": { loadInput: false, loadOutput: false },
  "many filters": {
    workflowName: ["echo", "nothing", "publish"],
    status: "SUCCESS",
    startTime: "2023-11-14T22:13:20Z",
    hasParent: false,
    wasForkedFrom: false,
    sortDesc: true,
    limit: 2,
  },
};

/** For a version that is not set the official client returns null, and ours undefined. */
function withoutNulls(statuses: WorkflowStatus[]): object[] {
  return statuses.map(({ applicationVersion, ...status }) => ({
    ...status,
    applicationVersion: applicationVersion ?? undefined,
  }));
}

function listBy(
  name: string,
  filter: GetWorkflowsInput,
  more: Partial<DifferentialCase> = {},
): DifferentialCase {
  return {
    name,
    ...varied,
    official: async (client) => withoutNulls(await client.listWorkflows({ ...filter })),
    ours: (client) => listWorkflows(client, filter as ListWorkflowsOptions),
    ...more,
  };
}

testDifferential("listWorkflows() with filters", [
  ...Object.entries(filters).map(([name, filter]) => listBy(name, filter)),
  listBy("a prefix with wildcards", { workflow_id_prefix: "%" }, {
    differences: { value: "the official client does not escape the wildcards of LIKE" },
  }),
  {
    ...listBy("no IDs", {}),
    official: () => Promise.resolve([]),
    ours: (client) => listWorkflows(client, { workflowIDs: [] }),
  },
]);

testDifferential("listWorkflows() of a client with an application name", [
  listBy("no filter", {}, { applicationName: "shop" }),
  listBy("a name", { workflowName: "echo" }, { applicationName: "shop" }),
  listBy("IDs", { workflowIDs: ["waiting", "succeeded", "empty"] }, { applicationName: "shop" }),
  listBy("another application", { applicationName: "bank" }, { applicationName: "shop" }),
  listBy("an empty list of applications", { applicationName: [] }, { applicationName: "shop" }),
]);

testDifferential("listQueuedWorkflows() with filters", [
  ...["no filter", "a status", "active statuses", "a queue", "a name", "no input", "a limit"].map(
    (name): DifferentialCase => ({
      ...listBy(name, {}),
      official: async (client) =>
        withoutNulls(await client.listQueuedWorkflows({ ...filters[name] })),
      ours: (client) => listQueuedWorkflows(client, filters[name] as ListWorkflowsOptions),
    }),
  ),
]);

testDifferential("getWorkflow()", [
  ...["succeeded", "failed", "attributed"].map((workflowID): DifferentialCase => ({
    name: workflowID,
    official: (client) => client.getWorkflow(workflowID),
    ours: (client) => getWorkflow(client, workflowID),
  })),
  {
    name: "an unknown workflow",
    official: (client) => client.getWorkflow("nobody"),
    ours: (client) => getWorkflow(client, "nobody"),
    differences: {
      value: "null, as getStatus() of both clients returns; the official client returns undefined",
    },
  },
]);

/** Adds steps of every kind to the workflow `empty`. */
const steps: Prepared = {
  prepare: (query) =>
    query(`insert into dbos.operation_outputs (workflow_uuid, function_id, function_name, output,
        error, child_workflow_id, started_at_epoch_ms, completed_at_epoch_ms, serialization)
      values
        ('empty', 3, 'last', null, null, 'child', null, null, null),
        ('empty', 0, 'native', '{"json":[1,"1970-01-01T00:00:00.000Z"],
          "meta":{"values":{"1":["Date"]}},"__dbos_serializer":"superjson"}', null, null,
          1700000000000, 1700000000100, 'js_superjson'),
        ('empty', 1, 'portable', '{"a":[null]}', null, null, 1700000000200, null, 'portable_json'),
        ('empty', 2, 'failed', null, '{"json":{"name":"StepError","message":"went wrong",
          "stack":"here","code":"E7"},"__dbos_serializer":"superjson"}', null, 1, 2,
          'js_superjson')`),
};

function listSteps(
  workflowID: string,
  options: { limit?: number; offset?: number } = {},
): DifferentialCase {
  return {
    name: `of ${workflowID} ${JSON.stringify(options)}`,
    ...steps,
    official: (client) => client.listWorkflowSteps(workflowID, options),
    ours: (client) => listWorkflowSteps(client, workflowID, options),
  };
}

testDifferential("listWorkflowSteps()", [
  listSteps("empty"),
  listSteps("empty", { limit: 2 }),
  listSteps("empty", { offset: 1 }),
  listSteps("empty", { limit: 2, offset: 1 }),
  listSteps("empty", { offset: 9 }),
  listSteps("published"),
  listSteps("published-portable"),
  listSteps("succeeded"),
  {
    ...listSteps("nobody"),
    differences: { value: "null, as getStatus() returns; the official client returns undefined" },
  },
]);
