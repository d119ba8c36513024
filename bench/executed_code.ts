/** How much of a bundled program runs when it does its work and nothing fails. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";

const config = fileURLToPath(new URL("../deno.json", import.meta.url));

/** What V8 counts: how often each part of a script ran. Ranges nest, and the innermost one holds. */
interface ScriptCoverage {
  readonly url: string;
  readonly functions: {
    readonly ranges: { startOffset: number; endOffset: number; count: number }[];
  }[];
}

/** Ends the workflow that a program waits for, as soon as it is enqueued. */
async function endWorkflow(url: string, isOver: () => boolean): Promise<void> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  while (!isOver()) {
    const { rowCount } = await connection.query(`
      with ended as (
        update dbos.workflow_status
        set status = 'SUCCESS'
        where queue_name = 'tasks' and status = 'ENQUEUED'
        returning workflow_uuid
      )
      insert into dbos.workflow_output (workflow_uuid, output)
      select workflow_uuid, '1' from ended`);
    if (rowCount) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await connection.end();
}

function countExecuted({ functions }: ScriptCoverage, length: number): number {
  const isExecuted = new Uint8Array(length).fill(1);
  // Those of a function come after those of the functions around it, and its own from the outside in.
  for (const { startOffset, endOffset, count } of functions.flatMap(({ ranges }) => ranges)) {
    isExecuted.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  }
  return isExecuted.reduce((sum, executed) => sum + executed, 0);
}

/** Runs a program that enqueues a workflow on the queue `tasks` and waits; returns the bytes that ran. */
export async function measureExecuted(code: Uint8Array, url: string): Promise<number> {
  const folder = await Deno.makeTempDir();
  try {
    const program = join(folder, "program.js");
    await Deno.writeFile(program, code);
    const flags = [
      "-A",
      "--no-check",
      `--config=${config}`,
      `--coverage=${join(folder, "coverage")}`,
    ];
    let isOver = false;
    const running = new Deno.Command(Deno.execPath(), { args: ["run", ...flags, program, url] })
      .output().finally(() => isOver = true);
    const [{ success, stderr }] = await Promise.all([running, endWorkflow(url, () => isOver)]);
    if (!success) throw new Error(`Cannot run the bundle:\n${new TextDecoder().decode(stderr)}`);
    for (const { name } of Deno.readDirSync(join(folder, "coverage"))) {
      if (!name.endsWith(".json")) continue;
      const script: ScriptCoverage = JSON.parse(
        await Deno.readTextFile(join(folder, "coverage", name)),
      );
      if (script.url.endsWith("program.js")) return countExecuted(script, code.length);
    }
    throw new Error("Cannot measure the bundle: no coverage");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
