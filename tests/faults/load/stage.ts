/** What a run of the suite needs: a server, a worker and the programs under load. */
import { assert } from "@std/assert";
import { fileURLToPath } from "node:url";
import { denoCommand, run } from "../../support/run_example.ts";
import { busyQueue } from "./calls.ts";
import { type PostgresNode, startPostgresNode } from "./node.ts";
import { type Program, startProgram } from "./program.ts";

export interface Stage extends AsyncDisposable {
  /** Where the data of servers is. */
  readonly folder: string;
  /** The server that can be written to. A failover replaces it. */
  server: PostgresNode;
  readonly programs: readonly Program[];
  /** Fills the disk of the server, and returns how to free it; absent if that is not possible. */
  readonly fillDisk?: () => Promise<() => Promise<void>>;
  /** Kills the worker, if there is one, and starts another one at a URL. */
  startWorker(url: string): Promise<void>;
  /** Waits until the worker has finished all workflows of its queue. */
  untilFinished(): Promise<void>;
  /** Removes what calls have left. */
  clear(): Promise<void>;
}

const diskSize = "1g";
const maxWorkMs = 600_000;

/** Runs a command as root; whether it has succeeded. */
async function runAsRoot(command: string, ...args: string[]): Promise<boolean> {
  const [program, ...rest] = Deno.uid() === 0
    ? [command, ...args]
    : ["sudo", "-n", command, ...args];
  try {
    return (await new Deno.Command(program!, { args: rest }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Mounts a small disk, in memory, on a folder. */
async function mountDisk(folder: string): Promise<AsyncDisposable | undefined> {
  const options = ["-t", "tmpfs", "-o", `size=${diskSize},mode=1777`, "tmpfs", folder];
  if (Deno.build.os !== "linux" || !await runAsRoot("mount", ...options)) return undefined;
  return {
    async [Symbol.asyncDispose]() {
      await runAsRoot("umount", "--lazy", folder);
    },
  };
}

/** Takes all that is left of a disk, and returns how to give it back. */
async function fill(folder: string): Promise<() => Promise<void>> {
  const files = [`${folder}/ballast`, `${folder}/rest`] as const;
  const space = await run(["df", "--output=avail", "--block-size=1M", folder]);
  // The server takes some meanwhile. The rest is written until that fails.
  const length = Number(space.split("\n")[1]) - 32;
  if (length > 0) await run(["fallocate", "--length", `${length}MiB`, files[0]]);
  await run(["dd", "if=/dev/zero", `of=${files[1]}`, "bs=1M"]).catch(() => {});
  return async () => {
    await Promise.all(files.map((file) => Deno.remove(file).catch(() => {})));
  };
}

/** Starts everything. */
export async function openStage(drivers: readonly string[]): Promise<Stage> {
  const resources = new AsyncDisposableStack();
  try {
    const folder = await Deno.makeTempDir();
    resources.defer(() => Deno.remove(folder, { recursive: true }));
    // Postgres does not run as root.
    await Deno.chmod(folder, 0o777);
    const disk = resources.use(await mountDisk(folder));
    const starting = Promise.all(drivers.map(startProgram));
    const server = resources.use(await startPostgresNode(folder));
    // The server of the last failover.
    resources.defer(() => stage.server.stop("immediate").catch(() => {}));
    const programs = (await starting).map((program) => resources.use(program));
    let stopWorker = async () => {};
    resources.defer(() => stopWorker());

    const stage: Stage = {
      folder,
      server,
      programs,
      ...(disk && { fillDisk: () => fill(folder) }),
      async startWorker(url) {
        await stopWorker();
        const file = fileURLToPath(new URL("worker.ts", import.meta.url));
        const [command, ...args] = [...denoCommand(file), url];
        const worker = new Deno.Command(command!, { args, stdin: "piped" }).spawn();
        stopWorker = async () => {
          worker.kill("SIGKILL");
          await Promise.allSettled([worker.status, worker.stdin.close()]);
        };
      },
      async untilFinished() {
        const unfinished = `select from dbos.workflow_status
          where queue_name = '${busyQueue}' and status in ('ENQUEUED', 'PENDING') limit 1`;
        const deadline = performance.now() + maxWorkMs;
        while ((await stage.server.query(unfinished)).length > 0) {
          assert(performance.now() < deadline, "The worker does not finish its workflows");
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      },
      async clear() {
        await stage.server.query(`truncate dbos.workflow_status, dbos.workflow_input,
          dbos.workflow_output, dbos.queues, dbos.workflow_schedules, test_runs cascade`);
      },
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
    await stage.startWorker(server.url);
    return stage;
  } catch (error) {
    await resources.disposeAsync();
    throw error;
  }
}
