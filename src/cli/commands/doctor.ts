/** The command that says what is wrong with a system database, and what to do about it. */

import { buildCommand } from "@stricli/core";
import { connect, type ConnectOptions } from "../../../connect.ts";
import * as sql from "../../../sql/database/mod.ts";
import { type Client, systemDatabaseOf } from "../../client/client.ts";
import type { SystemDatabase } from "../../database/system_database.ts";
import { sqlStateOf } from "../../drivers/sql_state.ts";
import { SystemSchemaNotFoundError } from "../../errors/schema.ts";
import { type CliCommand, describe } from "../command.ts";
import { CliError, exitCodes } from "../errors.ts";
import {
  commonAliases,
  type CommonFlags,
  commonFlags,
  type ConnectionFlags,
  pickOptions,
} from "../flags.ts";
import { isJson } from "../table.ts";
import { type Output, readVariable, stdout } from "../terminal.ts";
import { escapeLines, formatDuration, toJson } from "../text.ts";
import { findQueueLoads } from "./applications.ts";

/** What was found, and what to do about it. */
interface Finding {
  readonly check: string;
  readonly level: "ok" | "warning" | "error";
  readonly message: string;
  readonly advice?: string;
}

/** A check of the database, by its name. */
type Check = (client: Client, report: Report) => Promise<void>;

/** Takes the findings of a check. */
interface Report {
  ok(message: string): void;
  warn(message: string, advice?: string): void;
  fail(message: string, advice?: string): void;
}

// A statement that was prepared on another connection to the server, or prepared there already.
const preparedStatementStates = new Set(["26000", "42P05"]);

const withoutPrepared =
  "A pooler in transaction mode does not keep prepared statements: add pgbouncer=true to the URL, and " +
  "pass prepare: false in programs";

/** The message of an error, with its causes. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const state = sqlStateOf(error);
  const cause = error.cause instanceof Error && !error.message.includes(error.cause.message)
    ? `: ${messageOf(error.cause)}`
    : "";
  return `${error.message || error.name}${cause}${state === undefined ? "" : ` (${state})`}`;
}

/** What to do about a connection that cannot be opened; undefined if the error says it. */
function adviseOnConnection(error: unknown): string | undefined {
  // Its message says it.
  if (error instanceof SystemSchemaNotFoundError) return undefined;
  const { code = "", message = "" } = (error ?? {}) as { code?: string; message?: string };
  if (/missing URL/.test(message)) {
    return "Set DBOS_SYSTEM_DATABASE_URL, or pass --database-url";
  }
  if (preparedStatementStates.has(code)) return withoutPrepared;
  if (/^28/.test(code)) return "Check the user and the password, and pg_hba.conf of the server";
  if (code === "3D000") {
    return "Check the name of the database; a worker creates it when it is first launched";
  }
  if (code === "53300") return "Use fewer connections, a pooler, or a higher max_connections";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "Check the host name of the URL";
  if (code === "ECONNREFUSED") {
    return "Check the host and the port of the URL, and whether the server runs and listens there";
  }
  if (/TLS|certificate|SSL/i.test(message)) {
    return "Check sslmode and sslrootcert of the URL; docs/deploying.md lists what they mean";
  }
  return "Check the URL, the network, and the log of the server";
}

const checkServer: Check = async (client, report) => {
  const database = systemDatabaseOf(client);
  const startedAt = performance.now();
  const before = Date.now();
  const [state] = await database.run(sql.findServerState, {});
  const tookMs = performance.now() - startedAt;
  const { version, role_name, is_read_only, now_epoch_ms, connections, max_connections } = state!;
  report.ok(`Postgres ${version} as role ${role_name}; a round trip takes ${tookMs.toFixed(1)} ms`);
  if (parseInt(version) < 13) report.fail("Postgres is older than 13", "DBOS needs 13 or later");
  if (is_read_only) {
    report.fail(
      "The server is read-only",
      "Connect to the primary: add target_session_attrs=read-write to the URL",
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

const checkSchema: Check = async (client, report) => {
  const { describeSystemDatabase } = await import("../../applications/describe.ts");
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

const checkPrivileges: Check = async (client, report) => {
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

/** Sends enough statements at once that a pooler spreads them over its connections. */
const checkPooler: Check = async (client, report) => {
  const database = systemDatabaseOf(client);
  try {
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        Array.from({ length: 4 }, () => database.run(sql.findServerState, {})),
      );
    }
  } catch (error) {
    if (!preparedStatementStates.has(sqlStateOf(error) ?? "")) throw error;
    return report.fail("Prepared statements get lost between two statements", withoutPrepared);
  }
  report.ok("Statements work on several connections, also if they are prepared");
};

const listenTimeoutMs = 10_000;

let onLog = (_message: string): void => {};
const logger = {
  info: (message: string): void => onLog(message),
  warn: (message: string): void => onLog(message),
};

/** Whether notifications arrive, by the messages that the listener logs. */
const checkListen: Check = async (client, report) => {
  const { subscribe } = await import("../../polling/notifications.ts");
  const answer = await new Promise<string | undefined>((resolve) => {
    onLog = (message) => /listen/.test(message) && resolve(message);
    setTimeout(() => resolve(undefined), listenTimeoutMs);
    subscribe(systemDatabaseOf(client), { onNotify() {}, onReconnect() {} });
  });
  if (answer?.includes("client listens")) {
    return report.ok("LISTEN works: waits for events and streams end at once");
  }
  report.warn(
    "LISTEN does not work: waits for events and streams poll every second",
    "A pooler in transaction mode passes no notifications. Connect past it if that is too slow",
  );
};

const oldMs = 60_000;

const checkQueues: Check = async (client, report) => {
  const loads = await findQueueLoads(client);
  const total = loads.reduce((sum, { enqueued }) => sum + enqueued, 0);
  report.ok(
    `${loads.filter(({ isRegistered }) => isRegistered).length} queues are registered, and ` +
      `${total} workflows are enqueued`,
  );
  for (const { name, enqueued, oldestCreatedAt } of loads) {
    const waitedMs = oldestCreatedAt === null ? 0 : Date.now() - oldestCreatedAt;
    if (waitedMs < oldMs) continue;
    const { listWorkflows } = await import("../../lists/list.ts");
    const { explainWorkflow } = await import("../../workflows/explain_workflow.ts");
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

const checkVersions: Check = async (client, report) => {
  const { listApplicationVersions } = await import("../../applications/versions.ts");
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
  const { countWorkflows } = await import("../../lists/count.ts");
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

const checks: Readonly<Record<string, Check>> = {
  server: checkServer,
  schema: checkSchema,
  privileges: checkPrivileges,
  listen: checkListen,
  queues: checkQueues,
  versions: checkVersions,
};

/** Where the URL comes from. It is not printed. */
function describeSource({ databaseUrl }: ConnectionFlags): string {
  if (databaseUrl !== undefined) return "--database-url";
  const names = ["DBOS_SYSTEM_DATABASE_URL", "DBOS_DATABASE_URL"];
  return names.find((name) => readVariable(name)) ?? "no variable";
}

const styles: Readonly<Record<Finding["level"], Parameters<Output["paint"]>[0]>> = {
  ok: "green",
  warning: "yellow",
  error: "red",
};

function formatFinding({ check, level, message, advice }: Finding): string {
  const mark = stdout.paint(styles[level], level.padEnd(7));
  const lines = [`${mark}  ${stdout.paint("bold", check.padEnd(10))}  ${escapeLines(message)}`];
  if (advice !== undefined) lines.push(`${" ".repeat(21)}→ ${escapeLines(advice)}`);
  return `${lines.join("\n")}\n`;
}

export const doctor: CliCommand = buildCommand({
  docs: describe(
    "doctor",
    "",
    "It writes nothing. Each finding says what to do. The exit code is 3 if there is an error; " +
      "warnings alone do not change it.",
    "dbos-client doctor",
    `dbos-client doctor --json | jq 'select(.level != "ok")'`,
  ),
  parameters: { flags: { ...commonFlags }, aliases: { ...commonAliases } },
  async func(flags: CommonFlags) {
    let errors = 0;

    async function print(finding: Finding): Promise<void> {
      if (finding.level === "error") errors++;
      await stdout.write(isJson(flags) ? `${toJson(finding)}\n` : formatFinding(finding));
    }

    async function runCheck(check: string, run: (report: Report) => Promise<void>): Promise<void> {
      const findings: Finding[] = [];
      const add = (level: Finding["level"]) => (message: string, advice?: string) => {
        findings.push({ check, level, message, ...advice !== undefined && { advice } });
      };
      const report = { ok: add("ok"), warn: add("warning"), fail: add("error") };
      try {
        await run(report);
      } catch (error) {
        // Roles with few privileges may not look at everything.
        const isForbidden = sqlStateOf(error) === "42501";
        report[isForbidden ? "warn" : "fail"](messageOf(error));
      }
      for (const finding of findings) await print(finding);
    }

    const options: ConnectOptions = {
      retryTimeoutSeconds: 3,
      maxConnections: 4,
      logger,
      ...pickOptions(flags, "schema", "applicationName"),
    };
    let client: Client | undefined;

    async function open(options: ConnectOptions): Promise<void> {
      await runCheck("connection", async (report) => {
        try {
          client = await connect(flags.databaseUrl, options);
        } catch (error) {
          return report.fail(messageOf(error), adviseOnConnection(error));
        }
        const how = options.prepare === false ? ", without prepared statements" : "";
        report.ok(`Connected with the URL of ${describeSource(flags)}${how}`);
      });
    }

    await open(options);
    if (client) {
      await runCheck("pooler", (report) => checkPooler(client!, report));
      // The other checks would fail for the same reason.
      if (errors > 0) {
        await client.close();
        await open({ ...options, prepare: false });
      }
      for (const [name, check] of Object.entries(checks)) {
        await runCheck(name, (report) => check(client!, report));
      }
      await client.close();
    }
    if (errors > 0) {
      throw new CliError(
        `The system database has ${errors === 1 ? "an error" : `${errors} errors`}`,
        exitCodes.database,
      );
    }
  },
});
