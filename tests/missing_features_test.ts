import { assert, assertEquals } from "@std/assert";
import pg from "pg";
import {
  applySchedules,
  backfillSchedule,
  cancelWorkflow,
  cancelWorkflows,
  type Client,
  countSteps,
  createClient,
  createSchedule,
  debounce,
  deleteQueue,
  deleteSchedule,
  deleteWorkflow,
  deleteWorkflows,
  enqueue,
  enqueueMany,
  type EnqueueOptions,
  forkWorkflow,
  forkWorkflows,
  getLatestApplicationVersion,
  getSchedule,
  listApplicationVersions,
  listQueues,
  listSchedules,
  pauseSchedule,
  registerQueue,
  type RegisterQueueOptions,
  renameApplication,
  resumeSchedule,
  retrieveQueue,
  rewindWorkflow,
  send,
  sendMany,
  setLatestApplicationVersion,
  setWorkflowDelay,
  triggerSchedule,
  UnsupportedFeatureError,
  updateQueue,
  updateSchedule,
  updateWorkflowAttributes,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";

/** A feature that older schemas lack. */
interface NewerFeature {
  /** The first version of the schema that has it, as DBOS for TypeScript counts. */
  version: number;
  /** The first releases of DBOS for TypeScript and Python that have it. */
  releases: readonly [string, string];
  /** The name of the feature in the error, and the table or column that is missing. */
  feature: string;
  needs: string;
  calls: Record<string, (client: Client) => Promise<unknown>>;
}

const id = "a workflow";
const task = { workflowName: "echo", queueName: "tasks", workflowID: id };
// Portable JSON needs the column for the name of the format.
const native = { serializationType: "native" } as const;
const portable = { serializationType: "portable" } as const;
const schedule = { scheduleName: "daily", workflowName: "echo", schedule: "0 0 * * *" };

/** Calls with these options of enqueue(). */
function enqueueWith(options: Partial<EnqueueOptions>): NewerFeature["calls"] {
  return {
    "enqueue()": (client) => enqueue(client, { ...task, ...options }),
    "enqueueMany()": (client) => enqueueMany(client, [task, { ...task, ...options }]),
  };
}

/** Calls with these options of a schedule. */
function scheduleWith(options: object): NewerFeature["calls"] {
  return {
    "createSchedule()": (client) => createSchedule(client, { ...schedule, ...options }),
    "applySchedules()": (client) =>
      applySchedules(client, [schedule, { ...schedule, ...options, scheduleName: "nightly" }]),
  };
}

/** Calls with these limits of a queue. */
function limitWith(limits: RegisterQueueOptions): NewerFeature["calls"] {
  return {
    "registerQueue()": (client) => registerQueue(client, "tasks", limits),
    "updateQueue()": (client) => updateQueue(client, "tasks", limits),
  };
}

const delay = { version: 38, releases: ["4.12", "2.16"] } as const;
const delayColumn = "workflow_status.delay_until_epoch_ms";
const fork = { version: 30, releases: ["4.5", "2.5"] } as const;
const parents = { version: 31, releases: ["4.9", "2.11"] } as const;
const attributes = { version: 62, releases: ["4.21", "2.25"] } as const;
const ofSchedules = { version: 37, releases: ["4.11", "2.15"] } as const;
const partitionLimits = {
  version: 108,
  releases: ["4.27", "2.31"],
  needs: "queues.partition_concurrency",
} as const;
const applications = ["4.26", "2.30"] as const;

/** All features, the oldest first. */
const features: NewerFeature[] = [
  {
    version: 25,
    releases: ["4.3", "2.2"],
    feature: "queuePartitionKey",
    needs: "workflow_status.queue_partition_key",
    calls: enqueueWith({ queuePartitionKey: "a" }),
  },
  {
    ...fork,
    feature: "forkWorkflow",
    needs: "workflow_events_history",
    calls: {
      "forkWorkflow()": (client) => forkWorkflow(client, id, 0),
      "forkWorkflows()": (client) => forkWorkflows(client, [{ workflowID: id, startStep: 0 }]),
    },
  },
  {
    ...fork,
    feature: "rewindWorkflow",
    needs: "workflow_events_history",
    calls: { "rewindWorkflow()": (client) => rewindWorkflow(client, id) },
  },
  {
    ...parents,
    feature: "cancelChildren",
    needs: "workflow_status.parent_workflow_id",
    calls: {
      "cancelWorkflow()": (client) => cancelWorkflow(client, id, { cancelChildren: true }),
      "cancelWorkflows()": (client) => cancelWorkflows(client, [id], { cancelChildren: true }),
    },
  },
  {
    ...parents,
    feature: "deleteChildren",
    needs: "workflow_status.parent_workflow_id",
    calls: {
      "deleteWorkflow()": (client) => deleteWorkflow(client, id, { deleteChildren: true }),
      "deleteWorkflows()": (client) => deleteWorkflows(client, [id], { deleteChildren: true }),
    },
  },
  {
    version: 32,
    releases: ["4.9", "2.14"],
    feature: "serializationType portable",
    needs: "workflow_status.serialization",
    calls: {
      ...enqueueWith(portable),
      "send()": (client) => send(client, id, 1, portable),
      "sendMany()": (client) => sendMany(client, [{ destinationID: id, message: 1 }], portable),
    },
  },
  {
    version: 33,
    releases: ["4.9", "2.13"],
    feature: "schedules",
    needs: "workflow_schedules",
    calls: {
      ...scheduleWith({}),
      "getSchedule()": (client) => getSchedule(client, "daily"),
      "listSchedules()": (client) => listSchedules(client),
      "updateSchedule()": (client) => updateSchedule(client, "daily", {}),
      "pauseSchedule()": (client) => pauseSchedule(client, "daily"),
      "resumeSchedule()": (client) => resumeSchedule(client, "daily"),
      "deleteSchedule()": (client) => deleteSchedule(client, "daily"),
      "triggerSchedule()": (client) => triggerSchedule(client, "daily"),
      "backfillSchedule()": (client) => backfillSchedule(client, "daily", new Date(0), new Date(1)),
    },
  },
  {
    version: 35,
    releases: ["4.10", "2.14"],
    feature: "application versions",
    needs: "application_versions",
    calls: {
      "listApplicationVersions()": (client) => listApplicationVersions(client),
      "getLatestApplicationVersion()": (client) => getLatestApplicationVersion(client),
      "setLatestApplicationVersion()": (client) => setLatestApplicationVersion(client, "1"),
    },
  },
  {
    ...ofSchedules,
    feature: "cronTimezone",
    needs: "workflow_schedules.cron_timezone",
    calls: {
      ...scheduleWith({ cronTimezone: "UTC" }),
      "updateSchedule()": (client) => updateSchedule(client, "daily", { cronTimezone: "UTC" }),
    },
  },
  {
    ...ofSchedules,
    feature: "automaticBackfill",
    needs: "workflow_schedules.automatic_backfill",
    calls: scheduleWith({ automaticBackfill: true }),
  },
  {
    ...delay,
    feature: "delaySeconds",
    needs: delayColumn,
    calls: enqueueWith({ delaySeconds: 1 }),
  },
  {
    ...delay,
    feature: "setWorkflowDelay",
    needs: delayColumn,
    calls: { "setWorkflowDelay()": (client) => setWorkflowDelay(client, id, 1) },
  },
  {
    version: 39,
    releases: ["4.12", "2.16"],
    feature: "queueName",
    needs: "workflow_schedules.queue_name",
    calls: scheduleWith({ queueName: "tasks" }),
  },
  {
    version: 43,
    releases: ["4.17", "2.20"],
    feature: "registered queues",
    needs: "queues",
    calls: {
      ...limitWith({}),
      "retrieveQueue()": (client) => retrieveQueue(client, "tasks"),
      "listQueues()": (client) => listQueues(client),
      "deleteQueue()": (client) => deleteQueue(client, "tasks"),
    },
  },
  {
    ...attributes,
    feature: "attributes",
    needs: "workflow_status.attributes",
    calls: enqueueWith({ attributes: { a: 1 } }),
  },
  {
    ...attributes,
    feature: "updateWorkflowAttributes",
    needs: "workflow_status.attributes",
    calls: {
      "updateWorkflowAttributes()": (client) => updateWorkflowAttributes(client, id, { a: 1 }),
    },
  },
  {
    version: 64,
    releases: ["4.24", "2.27"],
    feature: "debounce",
    needs: "workflow_status.is_debounced",
    calls: { "debounce()": (client) => debounce(client, task, "key", 1000) },
  },
  {
    version: 100,
    releases: applications,
    feature: "applicationName",
    needs: "workflow_status.application_name",
    calls: {
      ...enqueueWith({ applicationName: "shop" }),
    },
  },
  {
    version: 101,
    releases: applications,
    feature: "applicationName",
    needs: "queues.application_name",
    calls: {
      "registerQueue()": (client) => registerQueue(client, "tasks", { applicationName: "shop" }),
    },
  },
  {
    version: 102,
    releases: applications,
    feature: "applicationName",
    needs: "workflow_schedules.application_name",
    calls: scheduleWith({ applicationName: "shop" }),
  },
  {
    version: 104,
    releases: applications,
    feature: "renameApplication",
    needs: "operation_outputs.application_name",
    calls: { "renameApplication()": (client) => renameApplication(client, "shop", "bank") },
  },
  {
    version: 104,
    releases: applications,
    feature: "countSteps()",
    needs: "operation_outputs.application_name",
    calls: { "countSteps()": (client) => countSteps(client, { groupBy: ["name"] }) },
  },
  {
    ...partitionLimits,
    feature: "partitionConcurrency",
    calls: limitWith({ partitionConcurrency: 1 }),
  },
  {
    ...partitionLimits,
    feature: "partitionWorkerConcurrency",
    calls: limitWith({ partitionWorkerConcurrency: 1 }),
  },
  {
    ...partitionLimits,
    feature: "partitionRateLimit",
    calls: limitWith({ partitionRateLimit: { limitPerPeriod: 1, periodSec: 1 } }),
  },
  {
    version: 123,
    releases: ["5.2", "3.2"],
    feature: "L, W, # or ? in a schedule",
    needs: "workflow_status.creator_xid",
    calls: {
      ...scheduleWith({ schedule: "0 0 L * *" }),
      "updateSchedule()": (client) => updateSchedule(client, "daily", { schedule: "0 0 LW * *" }),
    },
  },
];

Deno.test("a feature that the schema lacks is rejected before any write", async (test) => {
  await using database = await createTestDatabase();
  const connection = new pg.Client({ connectionString: database.url });
  await connection.connect();
  await using _connection = { [Symbol.asyncDispose]: () => connection.end() };

  /** Makes the call in a transaction. Returns its error, and whether anything was written. */
  async function tryCall(
    call: (client: Client) => Promise<unknown>,
  ): Promise<{ error: unknown; hasWritten: boolean }> {
    await connection.query("begin");
    try {
      let error: unknown;
      await call(createClient(connection, native)).catch((thrown) => error = thrown);
      if (!(error instanceof UnsupportedFeatureError)) return { error, hasWritten: true };
      // Only a transaction that writes gets an ID.
      const { rows } = await connection.query(
        "select txid_current_if_assigned() is not null as is",
      );
      return { error, hasWritten: rows[0].is };
    } finally {
      await connection.query("rollback");
    }
  }

  for (const [version, added] of Map.groupBy(features, ({ version }) => version)) {
    await migrate(connection, version - 1);
    for (const { releases: [typeScript, python], feature, needs, calls } of added) {
      await test.step(`${feature} is rejected before version ${version}`, async () => {
        for (const [name, call] of Object.entries(calls)) {
          const { error, hasWritten } = await tryCall(call);
          assert(error instanceof UnsupportedFeatureError, `${name}: ${error}`);
          assertEquals(
            error.message,
            `Cannot use ${feature}: the system database has no ${needs}. Upgrade the DBOS ` +
              `application to a release that creates it: TypeScript ${typeScript} (version ` +
              `${version} of the schema), Python ${python} or later`,
          );
          assertEquals([error.feature, error.needs, hasWritten], [feature, needs, false], name);
        }
      });
    }
    await migrate(connection, version);
    for (const { feature, calls } of added) {
      await test.step(`${feature} is accepted from version ${version} on`, async () => {
        for (const [name, call] of Object.entries(calls)) {
          const { error } = await tryCall(call);
          assert(!(error instanceof UnsupportedFeatureError), `${name}: ${error}`);
          assert(!(error instanceof pg.DatabaseError), `${name}: ${error}`);
        }
      });
    }
  }
});
