/** Checks the server, the schema, and what the role may do. */

import * as sql from "../../../sql/database/mod.ts";
import { describeSystemDatabase } from "../../applications/describe.ts";
import { systemDatabaseOf } from "../../client/client.ts";
import type { SystemDatabase } from "../../database/system_database.ts";
import { formatDuration } from "../text.ts";
import type { Check } from "./check.ts";

export const checkServer: Check = async (client, report) => {
  const database = systemDatabaseOf(client);
  const startedAt = performance.now();
  const before = Date.now();
  const [state] = await database.run(sql.findServerState, {});
  const tookMs = performance.now() - startedAt;
  const { version, role_name, is_read_only, now_epoch_ms, connections, max_connections } = state!;
  report.ok(`Postgres ${version} as role ${role_name}; a round trip takes ${tookMs.toFixed(1)} ms`);
  if (parseInt(version) < 13) report.fail("Postgres is older than 13", "DBOS needs 13 or later");
  if (is_read_only) {
    report.warn(
      "The server is read-only: reads and waits work, writes do not",
      "Connect to the primary to write: add target_session_attrs=read-write to the URL",
    );
  }
  if (connections > 0.9 * max_connections) {
    report.warn(
      `${connections} of ${max_connections} connections of the server are in use`,
      "Use smaller pools or a pooler, or raise max_connections",
    );
  }
  const skewMs = Number(now_epoch_ms) - (before + tookMs / 2);
  if (Math.abs(skewMs) > 2000 + tookMs) {
    report.warn(
      `The clock of this machine is ${formatDuration(Math.abs(skewMs))} ${
        skewMs > 0 ? "behind" : "ahead of"
      } that of the server`,
      "Synchronize the clocks: creation times, delays and deadlines depend on them",
    );
  }
};

export const checkSchema: Check = async (client, report) => {
  const { schema, schemaVersion, releases, missingFeatures } = await describeSystemDatabase(client);
  const made = Object.entries(releases).map(([language, range]) => `${language} ${range}`);
  report.ok(
    `Schema ${schema} ${
      schemaVersion === undefined ? "records no version" : `has version ${schemaVersion}`
    }${made.length > 0 ? `, as these releases create it: ${made.join(", ")}` : ""}`,
  );
  if (missingFeatures.length > 0) {
    report.warn(
      `The schema lacks: ${missingFeatures.join(", ")}`,
      "Upgrade the DBOS application if you need them",
    );
  }
};

/** What the scripts of sql/roles/ are for, and the privileges that show whether a role has them. */
const uses: readonly {
  readonly what: string;
  readonly script: string;
  readonly needs: Readonly<Record<string, string>>;
}[] = [
  {
    what: "read workflows, steps, events and streams",
    script: "observe",
    needs: {
      workflow_status: "SELECT",
      operation_outputs: "SELECT",
      workflow_events: "SELECT",
      streams: "SELECT",
      queues: "SELECT",
    },
  },
  {
    what: "enqueue",
    script: "enqueue",
    needs: { workflow_status: "SELECT,INSERT", workflow_input: "SELECT,INSERT" },
  },
  { what: "send messages", script: "send", needs: { notifications: "INSERT" } },
  {
    what: "cancel, resume, fork and delete",
    script: "manage",
    needs: {
      workflow_status: "UPDATE,DELETE",
      operation_outputs: "INSERT,DELETE",
      notifications: "DELETE",
    },
  },
];

async function findMissing(
  database: SystemDatabase,
  needs: Readonly<Record<string, string>>,
): Promise<string[]> {
  const missing = await Promise.all(
    Object.entries(needs).map(async ([table, privileges]) => {
      const parameters = { privileges, separator: ",", table_name: table };
      const rows = await database.run(sql.findMissingPrivileges, parameters);
      return rows.length === 0
        ? []
        : [`${rows.map(({ privilege }) => privilege).join(" and ")} on ${table}`];
    }),
  );
  return missing.flat();
}

export const checkPrivileges: Check = async (client, report) => {
  const database = systemDatabaseOf(client);
  const allowed: string[] = [];
  for (const { what, script, needs } of uses) {
    const missing = await findMissing(database, needs);
    if (missing.length === 0) allowed.push(what);
    else {
      report.warn(
        `The role cannot ${what}: it lacks ${missing.join(", ")}`,
        `If it should, run sql/roles/${script}.sql`,
      );
    }
  }
  if (allowed.length > 0) report.ok(`The role can ${allowed.join("; ")}`);
  const [security] = await database.run(sql.isRowSecurityActive, {});
  if (security?.is_active) {
    report.warn("Row-level security may hide rows from the role");
  }
};
