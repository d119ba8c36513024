import {
  getLatestApplicationVersion,
  listApplicationVersions,
  renameApplication,
  type RenameApplicationOptions,
  setLatestApplicationVersion,
} from "../../mod.ts";
import type { Query } from "./databases.ts";
import { type DifferentialCase, testDifferential } from "./differential.ts";

/** Inserts versions of two applications and of none, besides `test-1` of `test-app`. */
const withVersions = {
  prepare: (query: Query) =>
    query(`insert into dbos.application_versions
      (version_id, version_name, version_timestamp, created_at, application_name)
    values ('1', 'shop-1', 10, 5, 'shop'), ('2', 'shop-2', 20, 5, 'shop'),
      ('3', 'bank-1', 30, 5, 'bank'), ('4', 'unclaimed', 15, 5, null)`),
};
const withoutVersions = {
  prepare: (query: Query) => query("delete from dbos.application_versions"),
};

const ownError = {
  "error.name": "our client throws a class of its own",
  "error.message": "our message differs",
  "error.stack": "it begins with the message",
};

const list: Pick<DifferentialCase, "official" | "ours"> = {
  official: (client) => client.listApplicationVersions(),
  ours: (client) => listApplicationVersions(client),
};
const getLatest: Pick<DifferentialCase, "official" | "ours"> = {
  official: (client) => client.getLatestApplicationVersion(),
  ours: (client) => getLatestApplicationVersion(client),
};

testDifferential("listApplicationVersions() and getLatestApplicationVersion()", [
  { name: "all versions", ...withVersions, ...list },
  { name: "the versions of an application", ...withVersions, ...list, applicationName: "shop" },
  {
    name: "the versions of an unknown application",
    ...withVersions,
    ...list,
    applicationName: "nobody",
  },
  { name: "no versions", ...withoutVersions, ...list },
  { name: "the latest of all", ...withVersions, ...getLatest },
  { name: "the latest of an application", ...withVersions, ...getLatest, applicationName: "shop" },
  {
    name: "the latest of an application that has none",
    ...withVersions,
    ...getLatest,
    applicationName: "nobody",
  },
  {
    name: "the latest of no versions",
    ...withoutVersions,
    ...getLatest,
    differences: {
      "error": "our client returns null, as for an unknown queue or workflow",
      "value": "the official client throws",
    },
  },
]);

function setLatest(versionName: string, options?: { applicationName: string }): DifferentialCase {
  return {
    name: versionName,
    ...withVersions,
    official: (client) => client.setLatestApplicationVersion(versionName, options),
    ours: (client) => setLatestApplicationVersion(client, versionName, options),
  };
}

testDifferential("setLatestApplicationVersion()", [
  setLatest("shop-1"),
  setLatest("test-1"),
  setLatest("unclaimed"),
  {
    ...setLatest("shop-1"),
    name: "a version of the client's application",
    applicationName: "shop",
  },
  {
    ...setLatest("unclaimed"),
    name: "a version without an application, by a client of an application",
    applicationName: "shop",
  },
  {
    ...setLatest("bank-1", { applicationName: "bank" }),
    name: "a version of another application, with the name of that application",
    applicationName: "shop",
  },
  {
    ...setLatest("bank-1"),
    name: "a version of another application",
    applicationName: "shop",
    differences: ownError,
  },
  {
    ...setLatest("nobody's"),
    name: "an unknown version",
    differences: { "error": "the official client changes nothing, and throws no error" },
  },
]);

/**
 * Inserts versions, queues, schedules, workflows of every status, and steps, for two applications
 * and for none.
 */
const withApplications = {
  async prepare(query: Query) {
    await withVersions.prepare(query);
    await query(`insert into dbos.queues (name, application_name)
      values ('shop', 'shop'), ('bank', 'bank'), ('unclaimed', null)`);
    await query(`insert into dbos.workflow_schedules
        (schedule_id, schedule_name, workflow_name, schedule, context, application_name)
      select name, name, 'echo', '* * * * *', 'null', nullif(name, 'unclaimed')
      from unnest(array['shop', 'bank', 'unclaimed']) as name`);
    await query(`insert into dbos.workflow_status
        (workflow_uuid, name, status, created_at, updated_at, application_name)
      select format('%s-%s-%s', application, status, number), 'echo', status, 5, 5,
        nullif(application, 'unclaimed')
      from unnest(array['shop', 'bank', 'unclaimed']) as application,
        unnest(array['PENDING', 'ENQUEUED', 'DELAYED', 'SUCCESS', 'ERROR', 'CANCELLED',
          'MAX_RECOVERY_ATTEMPTS_EXCEEDED']) as status,
        generate_series(1, 3) as number`);
    await query(`insert into dbos.operation_outputs
        (workflow_uuid, function_id, function_name, output, application_name, retention_timestamp)
      select workflow_uuid, step, 'step', '7', application_name, 5
      from dbos.workflow_status, generate_series(0, 2) as step where name = 'echo'
        and created_at = 5`);
  },
};

function rename(
  oldName: string | undefined,
  newName: string,
  options?: RenameApplicationOptions,
): DifferentialCase {
  return {
    name: `${oldName} as ${newName}, with ${JSON.stringify(options)}`,
    ...withApplications,
    official: (client) => client.renameApplication(oldName, newName, options),
    ours: (client) => renameApplication(client, oldName, newName, options),
  };
}

testDifferential("renameApplication()", [
  rename("shop", "web-shop"),
  rename("shop", "bank"),
  rename("nobody", "web-shop"),
  rename("shop", "web-shop", { adoptUnclaimedRows: true }),
  rename(undefined, "web-shop", { adoptUnclaimedRows: true }),
  ...[null, 1, 2, 3, 12, 1000].map((batchSize) => rename("shop", "web-shop", { batchSize })),
  rename("shop", "web-shop", { batchSize: 2, adoptUnclaimedRows: true }),
  rename("ärger 'n\" \\ $1 :name", "😀"),
  {
    ...rename("shop", "web-shop"),
    name: "by a client of another application",
    applicationName: "bank",
  },
  { ...rename(undefined, "web-shop"), name: "no old name", differences: ownError },
  { ...rename("shop", "shop"), name: "the same name", differences: ownError },
  { ...rename("", "shop"), name: "an empty old name", differences: ownError },
  {
    ...rename("shop", "web-shop", { batchSize: 0 }),
    name: "a batch size of 0",
    differences: ownError,
  },
]);
