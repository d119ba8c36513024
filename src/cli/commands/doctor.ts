/** The command that says what is wrong with a system database, and what to do about it. */

import { buildCommand } from "@stricli/core";
import { connect, type ConnectOptions } from "../../../connect.ts";
import type { Client } from "../../client/client.ts";
import { sqlStateOf } from "../../drivers/error_codes.ts";
import { type CliCommand, describe } from "../command.ts";
import type { Check, Finding, Report } from "../doctor/check.ts";
import {
  adviseOnConnection,
  checkListen,
  checkPooler,
  logger,
} from "../doctor/check_connection.ts";
import { checkPrivileges, checkSchema, checkServer } from "../doctor/check_server.ts";
import { checkQueues, checkVersions } from "../doctor/check_work.ts";
import { CliError, exitCodes } from "../errors.ts";
import { escapeLines } from "../escape.ts";
import {
  commonAliases,
  type CommonFlags,
  commonFlags,
  type ConnectionFlags,
  pickOptions,
} from "../flags.ts";
import { isJson } from "../table.ts";
import { type Output, readVariable, stdout } from "../terminal.ts";
import { toJson } from "../text.ts";

/** The message of an error, with its causes. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const state = sqlStateOf(error);
  const cause = error.cause instanceof Error && !error.message.includes(error.cause.message)
    ? `: ${messageOf(error.cause)}`
    : "";
  return `${error.message || error.name}${cause}${state === undefined ? "" : ` (${state})`}`;
}

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
