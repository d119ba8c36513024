import type { DBOSClient } from "@dbos-inc/dbos-sdk";
import {
  applySchedules,
  backfillSchedule,
  type Client,
  createSchedule,
  deleteSchedule,
  getSchedule,
  listSchedules,
  type ListSchedulesOptions,
  pauseSchedule,
  resumeSchedule,
  type ScheduleChanges,
  type ScheduleOptions,
  triggerSchedule,
  updateSchedule,
} from "../../mod.ts";
import type { Query } from "./databases.ts";
import { type DifferentialCase, testDifferential } from "./differential.ts";

type OfficialOptions = Parameters<DBOSClient["createSchedule"]>[0];
type OfficialFilters = Parameters<DBOSClient["listSchedules"]>[0];
type Calls = Pick<DifferentialCase, "official" | "ours">;

const noon = { scheduleName: "noon", workflowName: "echo", schedule: "0 12 * * *" };
const ownError = {
  "error.name": "our client throws a class of its own, or a built-in one",
  "error.message": "our message differs",
  "error.stack": "it begins with the message",
};

/** The official client takes some of the options in an inner object. */
function toOfficial(options: ScheduleOptions): OfficialOptions {
  const { automaticBackfill, cronTimezone, queueName, serializationType: _, ...rest } = options;
  return {
    ...rest,
    options: {
      ...(automaticBackfill !== undefined && { automaticBackfill }),
      ...(cronTimezone !== undefined && { cronTimezone }),
      ...(queueName !== undefined && { queueName }),
    },
  };
}

function create(options: ScheduleOptions): Calls {
  return {
    official: (client) => client.createSchedule(toOfficial(options)),
    ours: (client) => createSchedule(client, options),
  };
}

function apply(...schedules: ScheduleOptions[]): Calls {
  return {
    official: (client) => client.applySchedules(schedules),
    ours: (client) => applySchedules(client, schedules),
  };
}

function update(name: string, changes: ScheduleChanges): Calls {
  return {
    official: (client) => client.updateSchedule(name, changes),
    ours: (client) => updateSchedule(client, name, changes),
  };
}

function list(filters?: ListSchedulesOptions): Calls {
  return {
    official: (client) => client.listSchedules(filters as OfficialFilters),
    ours: (client) => listSchedules(client, filters),
  };
}

function call(
  official: (client: DBOSClient) => Promise<unknown>,
  ours: (client: Client) => Promise<unknown>,
): Calls {
  return { official, ours };
}

/** Inserts schedules as official clients of several applications write them. */
async function prepareSchedules(query: Query): Promise<void> {
  const columns = `schedule_id, schedule_name, workflow_name, workflow_class_name, schedule, status,
    context, last_fired_at, automatic_backfill, cron_timezone, queue_name, application_name`;
  const superjson = '{"json":{"region":"north"},"__dbos_serializer":"superjson"}';
  const empty = '{"json":null,"meta":{"values":["undefined"]},"__dbos_serializer":"superjson"}';
  const fired = "2026-01-02T03:00:00.000Z";
  const rows = [
    ["id-1", "hourly", "echo", "", "@hourly", "ACTIVE", superjson, fired, true, "UTC", null, null],
    [
      "id-2",
      "mine",
      "sum",
      "Math",
      "0 9 * * 1-5",
      "PAUSED",
      empty,
      null,
      false,
      null,
      "idle",
      "shop",
    ],
    [
      "id-3",
      "mine_2",
      "echo",
      "",
      "30 2 * * *",
      "ACTIVE",
      empty,
      null,
      false,
      "America/New_York",
      null,
      "shop",
    ],
    [
      "id-4",
      "theirs",
      "echo",
      "",
      "*/20 * * * * *",
      "ACTIVE",
      superjson,
      null,
      false,
      null,
      null,
      "bank",
    ],
  ];
  for (const row of rows) {
    await query(
      `insert into dbos.workflow_schedules (${columns})
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
      row,
    );
  }
  await query(`insert into dbos.application_versions (version_id, version_name, application_name,
    version_timestamp) values ('v-1', 'shop-1', 'shop', 1), ('v-2', 'bank-2', 'bank', 4102444800000)`);
}

/** Cases on these schedules, each for a client of an application and for one without. */
function withSchedules(cases: DifferentialCase[]): DifferentialCase[] {
  return cases.flatMap((one) => [
    { ...one, prepare: prepareSchedules },
    ...(one.applicationName || one.differences ? [] : [{
      ...one,
      name: `${one.name}, for shop`,
      applicationName: "shop",
      prepare: prepareSchedules,
    }]),
  ]);
}

const wholeSchedule = {
  ...noon,
  workflowClassName: "Greeter",
  context: { region: "north", items: [1, null] },
  automaticBackfill: true,
  cronTimezone: "Europe/Berlin",
  queueName: "idle",
  applicationName: "bank",
};

testDifferential("createSchedule()", [
  {
    name: "no option",
    ...create(noon),
  },
  { name: "every option", ...create(wholeSchedule) },
  {
    name: "the application of the client",
    applicationName: "shop",
    ...create({ ...noon, context: 7 }),
  },
  {
    name: "a context that JSON cannot hold",
    ...create({ ...noon, context: { at: new Date(5), map: new Map([[1, 2n]]) } }),
  },
]);

testDifferential("createSchedule() with an invalid option", [
  ...["", "* * * *", "61 * * * *", "0 0 31 2 *", "* * * * * * *", "0 0 L-31 * *"].map((
    schedule,
  ) => ({
    name: `"${schedule}"`,
    ...create({ ...noon, schedule }),
    differences: ownError,
  })),
  {
    name: "an unknown time zone",
    ...create({ ...noon, cronTimezone: "Europe/Atlantis" }),
    differences: ownError,
  },
]);

testDifferential(
  "createSchedule() of an existing schedule",
  withSchedules([
    {
      name: "that belongs to no application",
      ...create({ ...noon, scheduleName: "hourly" }),
      differences: ownError,
    },
    {
      name: "that belongs to another application",
      applicationName: "shop",
      ...create({ ...noon, scheduleName: "theirs" }),
      differences: ownError,
    },
  ]),
);

testDifferential(
  "applySchedules()",
  withSchedules([
    { name: "no schedule", ...apply() },
    {
      name: "new schedules",
      ...apply({ ...wholeSchedule, scheduleName: "new" }, { ...noon, context: 7 }),
    },
    { name: "an existing schedule", ...apply({ ...noon, scheduleName: "hourly", context: 7 }) },
    { name: "a paused schedule", ...apply({ ...noon, scheduleName: "mine", context: 7 }) },
    {
      name: "a schedule of another application",
      applicationName: "bank",
      ...apply({ ...noon, context: 7 }, { ...noon, scheduleName: "mine", context: 7 }),
      differences: ownError,
    },
    {
      name: "a schedule without an application, by a client of an application",
      applicationName: "bank",
      ...apply({ ...noon, scheduleName: "hourly", context: 7 }),
    },
  ]),
);

testDifferential(
  "updateSchedule()",
  withSchedules([
    { name: "no change", ...update("hourly", {}) },
    { name: "an expression", ...update("hourly", { schedule: "1 * * * *" }) },
    { name: "a context", ...update("mine", { context: { region: "ärger \\u0000 'n\" $1" } }) },
    {
      name: "a context of undefined",
      ...update("hourly", { context: undefined }),
    },
    { name: "automatic backfill", ...update("theirs", { automaticBackfill: true }) },
    {
      name: "a time zone and a queue",
      ...update("hourly", { cronTimezone: "UTC", queueName: "q" }),
    },
    {
      name: "no time zone and no queue",
      ...update("mine", { cronTimezone: null, queueName: null }),
    },
    {
      name: "an unknown schedule",
      ...update("absent", { schedule: "1 * * * *" }),
      differences: ownError,
    },
    {
      name: "no change, of an unknown schedule",
      ...update("absent", {}),
      differences: ownError,
    },
    {
      name: "an invalid expression",
      ...update("hourly", { schedule: "* * *" }),
      differences: ownError,
    },
  ]),
);

testDifferential(
  "pausing, resuming and deleting schedules",
  withSchedules(
    ["hourly", "mine", "theirs", "absent"].flatMap((name) => [
      {
        name: `pauseSchedule("${name}")`,
        ...call((client) => client.pauseSchedule(name), (client) => pauseSchedule(client, name)),
      },
      {
        name: `resumeSchedule("${name}")`,
        ...call((client) => client.resumeSchedule(name), (client) => resumeSchedule(client, name)),
      },
      {
        name: `deleteSchedule("${name}")`,
        ...call((client) => client.deleteSchedule(name), (client) => deleteSchedule(client, name)),
      },
    ]),
  ),
);

testDifferential(
  "reading schedules",
  withSchedules([
    ...["hourly", "mine", "theirs", "absent"].map((name) => ({
      name: `getSchedule("${name}")`,
      ...call((client) => client.getSchedule(name), (client) => getSchedule(client, name)),
    })),
    { name: "listSchedules()", ...list() },
    { name: "listSchedules() by a status", ...list({ status: "PAUSED" }) },
    { name: "listSchedules() by statuses", ...list({ status: ["PAUSED", "ACTIVE"] }) },
    { name: "listSchedules() by a workflow", ...list({ workflowName: "echo" }) },
    { name: "listSchedules() by workflows", ...list({ workflowName: ["sum", "none"] }) },
    { name: "listSchedules() by a prefix", ...list({ scheduleNamePrefix: "mi" }) },
    { name: "listSchedules() by prefixes", ...list({ scheduleNamePrefix: ["the", "hourly"] }) },
    { name: "listSchedules() by an application", ...list({ applicationName: "bank" }) },
    { name: "listSchedules() by applications", ...list({ applicationName: ["bank", "shop"] }) },
    { name: "listSchedules() of all applications", ...list({ applicationName: [] }) },
    {
      name: "listSchedules() by several filters",
      ...list({ status: "ACTIVE", workflowName: "echo", scheduleNamePrefix: "m" }),
    },
    {
      name: "listSchedules() by a prefix that ends with a wildcard of LIKE",
      ...list({ scheduleNamePrefix: "mine_" }),
    },
    {
      name: "listSchedules() by a prefix that begins with a wildcard of LIKE",
      ...list({ scheduleNamePrefix: "%ine" }),
      differences: { "value": "the official client does not escape the wildcards of LIKE" },
    },
  ]),
);

const start = new Date("2026-03-07T23:59:59.500Z");
const end = new Date("2026-03-08T09:00:00Z");

const attemptID = {
  "workflow_status.creator_xid": "our client recognizes its own row by it in a retry",
};

testDifferential("triggering and backfilling schedules", [
  ...["hourly", "mine", "mine_2", "theirs"].flatMap((name) => [
    {
      name: `triggerSchedule("${name}")`,
      prepare: prepareSchedules,
      ...call((client) => client.triggerSchedule(name), (client) => triggerSchedule(client, name)),
      differences: attemptID,
    },
    {
      name: `triggerSchedule("${name}") for shop`,
      applicationName: "shop",
      prepare: prepareSchedules,
      ...call((client) => client.triggerSchedule(name), (client) => triggerSchedule(client, name)),
      differences: attemptID,
    },
  ]),
  ...["hourly", "mine_2"].map((name) => ({
    name: `backfillSchedule("${name}")`,
    prepare: prepareSchedules,
    ...call(
      (client) => client.backfillSchedule(name, start, end),
      (client) => backfillSchedule(client, name, start, end),
    ),
    differences: name === "hourly" ? attemptID : {},
  })),
  {
    name: "backfillSchedule() twice",
    prepare: prepareSchedules,
    ...call(
      async (client) => [
        await client.backfillSchedule("hourly", start, new Date(start.getTime() + 7_200_000)),
        await client.backfillSchedule("hourly", start, end),
      ],
      async (client) => [
        await backfillSchedule(client, "hourly", start, new Date(start.getTime() + 7_200_000)),
        await backfillSchedule(client, "hourly", start, end),
      ],
    ),
    differences: attemptID,
  },
  {
    name: "backfillSchedule() with an end before the start",
    prepare: prepareSchedules,
    ...call(
      (client) => client.backfillSchedule("hourly", end, start),
      (client) => backfillSchedule(client, "hourly", end, start),
    ),
  },
  ...["triggerSchedule", "backfillSchedule"].map((method) => ({
    name: `${method}() of an unknown schedule`,
    ...(method === "triggerSchedule"
      ? call(
        (client) => client.triggerSchedule("absent"),
        (client) => triggerSchedule(client, "absent"),
      )
      : call(
        (client) => client.backfillSchedule("absent", start, end),
        (client) => backfillSchedule(client, "absent", start, end),
      )),
    differences: ownError,
  })),
]);
