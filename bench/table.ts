/** Formats the results of a run. */

import os from "node:os";
import pg from "pg";
import type { Row } from "./measure.ts";

/** Formats rows as an aligned Markdown table. */
export function formatTable(rows: readonly Row[]): string {
  const cells = [
    ["work", "official or (other)", "ours", "ratio"],
    ...rows.map(({ work, official, ours, ratio }) => [
      work,
      official,
      ours,
      ratio === undefined ? "" : `${ratio >= 100 ? Math.round(ratio) : ratio.toPrecision(3)} ×`,
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]!.length)));
  const rule = widths.map((width, column) =>
    "-".repeat(width - (column && 1)) + (column ? ":" : "")
  );
  const lines = [cells[0]!, rule, ...cells.slice(1)].map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
    )
  );
  return lines.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** Describes the machine and the software on it, as a Markdown list. */
export async function describeMachine(serverUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  const { rows } = await client.query(`
    select
      current_setting('server_version') as version,
      current_setting('synchronous_commit') as synchronous_commit,
      current_setting('fsync') as fsync`);
  await client.end();
  const { version, synchronous_commit: synchronousCommit, fsync } = rows[0];
  const cpus = os.cpus();
  return [
    `- CPU: ${cpus[0]?.model.trim()}, ${cpus.length} cores`,
    `- Memory: ${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    `- System: ${Deno.build.os} ${Deno.build.arch}`,
    `- Postgres ${version}, on the same machine`,
    `- synchronous_commit ${synchronousCommit}, fsync ${fsync}`,
    `- Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`,
    `- Date: ${new Date().toISOString().slice(0, 10)}`,
  ].join("\n");
}
