/** Tests the command line in a real terminal: colors, prompts, progress, redrawing and Ctrl-C. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import pg from "pg";
import { enqueue, getStatus, send } from "../mod.ts";
import { installCli } from "./support/cli.ts";
import { createTestDatabase } from "./support/database.ts";
import { startWorker } from "./support/start_worker.ts";
import { openTerminal, type TerminalOptions, unavailable } from "./support/tmux.ts";

Deno.test({
  name: `the command line in a terminal${unavailable ? ` (skipped: ${unavailable})` : ""}`,
  ignore: unavailable !== undefined,
  async fn(test) {
    await using resources = new AsyncDisposableStack();
    const database = resources.use(await createTestDatabase());
    const { url } = database;
    resources.use(await startWorker({ systemDatabaseUrl: url }));
    const pool = new pg.Pool({ connectionString: url });
    resources.defer(() => pool.end());
    const { folder } = resources.use(await installCli());

    const open = ({ env, ...options }: TerminalOptions = {}) =>
      openTerminal({
        ...options,
        env: {
          DBOS_SYSTEM_DATABASE_URL: url,
          PATH: `${folder}:${Deno.env.get("PATH")}`,
          NO_COLOR: "",
          ...env,
        },
      });
    const runTask = async (workflowID: string) => {
      const task = { workflowName: "processTask", queueName: "tasks", workflowID };
      await (await enqueue(pool, task, { id: 7 })).getResult();
    };
    const enqueueIdle = (workflowID: string) =>
      enqueue(pool, { workflowName: "echo", queueName: "idle", workflowID });
    await runTask("task-7");

    await test.step("tables have colors, but not with NO_COLOR", async () => {
      await using terminal = await open();
      assertEquals(await terminal.run("dbos-client list -n processTask"), 0);
      const screen = await terminal.screen(true);
      assertStringIncludes(screen, "\x1b[1mWORKFLOW ID");
      assertStringIncludes(screen, "\x1b[32mSUCCESS");
      await terminal.clear();
      assertEquals(await terminal.run("NO_COLOR=1 dbos-client list -n processTask"), 0);
      const plain = await terminal.screen(true);
      assertStringIncludes(plain, "task-7");
      assert(!plain.includes("\x1b[32m"), plain);
    });

    await test.step("a table fits the terminal, and IDs are whole", async () => {
      const name = `${"long".repeat(20)}表表`;
      const workflowID = `id-${"x".repeat(20)}`;
      await enqueue(pool, { workflowName: name, queueName: "idle", workflowID });
      await using terminal = await open({ columns: 80 });
      await terminal.run(`dbos-client list -n ${name}`);
      const screen = await terminal.screen();
      const [row] = screen.split("\n").filter((line) => line.startsWith(workflowID));
      assertMatch(
        row!,
        /^id-x{20} +ENQUEUED +(?:long)+l?o?n?… +idle +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/,
      );
    });

    await test.step("a result is shown as text, and as JSON with --json", async () => {
      await using terminal = await open();
      await terminal.start("dbos-client result task-7; dbos-client result task-7 --json");
      await terminal.until(/^task 7 is done\n"task 7 is done"$/m);
    });

    await test.step("delete asks, and deletes only after yes", async () => {
      await enqueueIdle("delete-1");
      await using terminal = await open();
      const question = /Delete delete-1 \(ENQUEUED\)\? This cannot be undone\. \[y\/N\] *$/m;
      for (const [answer, code] of [["n", 1], ["", 1]] as const) {
        await terminal.start("dbos-client delete delete-1");
        await terminal.until(question);
        await terminal.type(answer);
        assertEquals(await terminal.ended(), code);
        await terminal.until(/Nothing was deleted/);
        await terminal.clear();
      }
      for (const [key, code] of [["C-d", 1], ["C-c", 130]] as const) {
        await terminal.start("dbos-client delete delete-1");
        await terminal.until(question);
        await terminal.press(key);
        assertEquals(await terminal.ended(), code, key);
        await terminal.clear();
      }
      assert(await getStatus(pool, "delete-1"));
      await terminal.start("dbos-client delete delete-1");
      await terminal.until(question);
      await terminal.type("y");
      assertEquals(await terminal.ended(), 0);
      await terminal.until(/Deleted 1 workflow/);
      assertEquals(await getStatus(pool, "delete-1"), null);
    });

    await test.step("watch redraws the workflow until it ends", async () => {
      const workflowID = "review-7";
      const task = { workflowName: "reviewTask", queueName: "tasks", workflowID };
      await enqueue(pool, task, { id: 7 });
      await using terminal = await open();
      await terminal.start(`dbos-client watch ${workflowID}`);
      await terminal.until(/PENDING[^]*DBOS\.writeStream[^]*progress = 0/);
      assertEquals(await terminal.variable("cursor_flag"), "0");
      await send(pool, workflowID, { approved: true }, { topic: "approval" });
      const screen = await terminal.until(/published/);
      assertEquals(await terminal.ended(), 0);
      // The lines that were drawn before are gone.
      assert(!screen.includes("PENDING"), screen);
      assertMatch(screen, /SUCCESS {2}[\d.]+ m?s[^]*progress = 100\npublished/);
      assertEquals(await terminal.variable("cursor_flag"), "1");
    });

    await test.step("watch keeps to the terminal if there are more steps than lines", async () => {
      const workflowID = "numbers";
      const task = { workflowName: "writeNumbers", queueName: "tasks", workflowID };
      await (await enqueue(pool, task, "log", 60)).getResult();
      await using terminal = await open({ rows: 20 });
      assertEquals(await terminal.run(`dbos-client watch ${workflowID}`), 0);
      const screen = await terminal.screen();
      assertMatch(screen, / 59 {2}DBOS\.writeStream[^]* 60 {2}DBOS\.closeStream/);
    });

    await test.step("Ctrl-C ends watch at once, and shows the cursor again", async () => {
      await enqueueIdle("waiting");
      await using terminal = await open();
      await terminal.start("dbos-client watch waiting");
      await terminal.until(/ENQUEUED/);
      await terminal.press("C-c");
      assertEquals(await terminal.ended(), 130);
      assertEquals(await terminal.variable("cursor_flag"), "1");
    });

    await test.step("a batch has a progress bar on stderr, also when it is interrupted", async () => {
      const lines = Array.from(
        { length: 3000 },
        (_, index) => JSON.stringify({ workflowID: `job-${index}`, args: ["x".repeat(40)] }),
      );
      const file = `${folder}/jobs.ndjson`;
      await Deno.writeTextFile(file, lines.join("\n"));
      // The statement with this job waits for the lock.
      await pool.query(`
        create function public.hold() returns trigger language plpgsql as $$
        begin perform pg_advisory_xact_lock(1); return new; end $$;
        create trigger hold before insert on dbos.workflow_status
        for each row when (new.workflow_uuid = 'job-1200') execute function public.hold()`);
      const holder = await pool.connect();
      await using terminal = await open();
      const command = `dbos-client enqueue echo -q idle --batch ${file} --json`;
      try {
        await holder.query("select pg_advisory_lock(1)");
        await terminal.start(`${command} > /dev/null`);
        await terminal.until(/Enqueueing █+░* \d+ %, 1,000 done/);
        await terminal.press("C-c");
        assertEquals(await terminal.ended(), 130);
        await terminal.until(/1,000 done\s*\n/);
        await terminal.clear();
        await terminal.start(command);
        await terminal.until(/1,000 done/);
        assertStringIncludes(await terminal.screen(true), "\x1b[32m█");
      } finally {
        await holder.query("select pg_advisory_unlock(1)");
        holder.release();
      }
      const screen = await terminal.until(/^\{"enqueued":\d+,"existing":\d+/m);
      assertEquals(await terminal.ended(), 0);
      assert(!screen.includes("Enqueueing"), screen);
    });

    await test.step("a stored escape sequence does not reach the terminal", async () => {
      const title = "\x1b]2;hijacked\x07";
      await enqueue(pool, { workflowName: title, queueName: "idle", workflowID: "hostile" }, title);
      await using terminal = await open();
      assertEquals(await terminal.run("dbos-client show hostile; dbos-client list --limit 3"), 0);
      assertStringIncludes(await terminal.screen(), "\\x1b]2;hijacked\\x07");
      assert(await terminal.variable("pane_title") !== "hijacked");
    });
  },
});
