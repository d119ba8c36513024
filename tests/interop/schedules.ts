/**
 * Tests that the schedules of a client do no harm to those of a worker, whose scheduler reads both,
 * and that both fire.
 */
import { assert, assertEquals } from "@std/assert";
import pg from "pg";
import {
  applySchedules,
  connect,
  createSchedule,
  deleteSchedule,
  getResult,
  pauseSchedule,
  resumeSchedule,
  type ScheduleOptions,
  triggerSchedule,
  updateSchedule,
} from "../../mod.ts";
import { createTestDatabase } from "../support/database.ts";
import type { Language } from "./languages.ts";
import { startApplication } from "./start_application.ts";

const timeout = { timeoutSeconds: 600 };

const echo: NonNullable<Language["scheduled"]> = {
  workflowName: "echo",
  contextOf: (args) => (args as unknown[])[1],
};

/** The oldest release of each language that has a scheduler for the schedules of the database. */
export function findOldestWithSchedules(releases: readonly Language[]): Language[] {
  const found = releases.filter(({ name }) =>
    !/^(TypeScript (3|4\.0)|Python (0|2\.0)|Go 0)\./.test(name)
  );
  const byLanguage = Map.groupBy(found, ({ name }) => name.split(" ")[0]);
  return [...byLanguage.values()].map(([oldest]) => oldest!);
}

/** Tests the schedules of a client with those of a worker. */
export async function verifySchedules(language: Language): Promise<void> {
  const { command, scheduled = echo } = language;
  await using database = await createTestDatabase();
  await using resources = new AsyncDisposableStack();
  const application = resources.use(new AsyncDisposableStack());
  application.use(await startApplication(command, database.url, { OWN_SCHEDULE: "1" }));
  const client = resources.use(await connect(database.url));
  const pool = new pg.Pool({ connectionString: database.url });
  resources.defer(() => pool.end());

  /** The workflows that a schedule has started, the oldest first. */
  async function findRuns(name: string): Promise<string[]> {
    const { rows } = await pool.query(
      "select workflow_uuid from dbos.workflow_status where workflow_uuid like $1 order by 1",
      [`sched-${name}-%`],
    );
    return rows.map((row: { workflow_uuid: string }) => row.workflow_uuid);
  }

  /** Waits until a schedule fires again, and returns the result of that run. */
  async function untilFired(name: string): Promise<unknown> {
    const before = new Set(await findRuns(name));
    const deadline = performance.now() + 300_000;
    for (;;) {
      assert(performance.now() < deadline, `schedule ${name} has not fired again`);
      const run = (await findRuns(name)).find((id) => !before.has(id));
      if (run !== undefined) return await getResult(client, run, timeout);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async function untilContext(name: string, expected: unknown): Promise<void> {
    for (;;) {
      const context = scheduled.contextOf(await untilFired(name)) ?? null;
      if (JSON.stringify(context) === JSON.stringify(expected)) return;
    }
  }

  /** Older releases go on with what they have read until they are started again. */
  async function untilChanged(name: string, context: unknown): Promise<void> {
    if (language.name.includes(" ")) await untilFired(name);
    else await untilContext(name, context);
  }

  const options = {
    workflowName: scheduled.workflowName,
    schedule: "* * * * * *",
    ...language.enqueueOptions?.(["time", "context"]),
  };
  /** Schedules that are created now fire, so the scheduler has passed by all the others. */
  async function verifyScheduler(name: string, context?: unknown): Promise<void> {
    const schedule: ScheduleOptions = { ...options, scheduleName: name };
    await createSchedule(client, context === undefined ? schedule : { ...schedule, context });
    await untilContext(name, context ?? null);
    const run = await triggerSchedule(client, name);
    const result = await run.getResult(timeout);
    if (scheduled === echo) assertEquals(echo.contextOf(result) ?? null, context ?? null);
    await untilFired("own");
    await deleteSchedule(client, name);
  }

  await untilFired("own");
  const context = scheduled.context ?? { a: [1] };
  const [first, second] = ["first", "second"].map((scheduleName) => ({ ...options, scheduleName }));
  await createSchedule(client, { ...first!, context });
  await untilContext("first", context);
  await untilFired("own");
  await verifyScheduler("without context");

  await updateSchedule(client, "first", { context: "updated" });
  await untilChanged("first", "updated");
  await applySchedules(client, [{ ...first!, context }, { ...second!, context }]);
  await untilChanged("first", context);
  await verifyScheduler("after an update", context);

  await pauseSchedule(client, "first");
  await verifyScheduler("after a pause", context);
  await resumeSchedule(client, "first");
  await untilFired("first");
  await pauseSchedule(client, "second");
  await updateSchedule(client, "first", { context: "restarted" });

  await application.disposeAsync();
  resources.use(await startApplication(command, database.url));
  await untilContext("first", "restarted");
  await untilFired("own");
  await verifyScheduler("after a restart", context);
}
