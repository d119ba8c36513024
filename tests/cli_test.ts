/** Tests the command line as scripts use it: with pipes, on a real database with a real worker. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import pg from "pg";
import config from "../deno.json" with { type: "json" };
import { enqueue } from "../mod.ts";
import { version } from "../src/cli/version.ts";
import { cliCommand, createCli, installCli, parseLines, runCommand } from "./support/cli.ts";
import { createTestDatabase, execute } from "./support/database.ts";
import { isInstalled } from "./support/is_installed.ts";
import { startWorker } from "./support/start_worker.ts";

// Its database serves all tests that change nothing but their own workflows.
Deno.test("the command line and a worker", async (test) => {
  await using database = await createTestDatabase();
  const { url } = database;
  await using _worker = await startWorker({ systemDatabaseUrl: url });
  const pool = new pg.Pool({ connectionString: url });
  await using _pool = { [Symbol.asyncDispose]: () => pool.end() };
  const cli = createCli(url);
  let count = 0;
  const newID = () => `cli-${++count}`;

  /** Enqueues a workflow on a queue that no worker has. */
  async function enqueueIdle(): Promise<string> {
    const workflowID = newID();
    await enqueue(pool, { workflowName: "echo", queueName: "idle", workflowID }, 7);
    return workflowID;
  }

  await test.step("enqueue prints the ID, and result the result of the workflow", async () => {
    const workflowID = newID();
    const args = ["enqueue", "echo", "-q", "tasks", "-i", workflowID, '{"a": [1]}', "2"];
    assertEquals(await cli.json(...args), [{ workflowID }]);
    assertEquals(await cli.json("result", workflowID, "-t", "60"), [[{ a: [1] }, 2]]);
    const { stdout } = await cli.run("result", workflowID, "--no-json");
    assertEquals(JSON.parse(stdout), [{ a: [1] }, 2]);
    assertMatch(stdout, /^\[\n {2}\{\n {4}"a": \[\n/);
  });

  await test.step("enqueue --wait prints the result, and fails with the workflow", async () => {
    assertEquals(await cli.json("enqueue", "sum", "-q", "tasks", "-w", "--", "2", "-5"), [-3]);
    const failed = await cli.run("enqueue", "chargeCard", "-q", "tasks", "-w", '{"id": 7}');
    assertEquals({ code: failed.code, stdout: failed.stdout }, { code: 1, stdout: "" });
    assertMatch(
      failed.stderr,
      /^dbos-client: Workflow \S+ failed: CardError: the card of order 7 was declined\n$/,
    );
  });

  await test.step("enqueue passes its flags on", async () => {
    const workflowID = newID();
    const flags = "--app-version v9 --delay-seconds 1h --priority 3 --authenticated-user ada " +
      "--authenticated-roles a --authenticated-roles b --deduplication-id d1 --workflow-timeout-ms 9";
    await cli.json(
      "enqueue",
      "echo",
      "--queue-name=idle",
      `--workflow-id=${workflowID}`,
      ...flags.split(" "),
      "--attributes",
      '{"team": "x"}',
    );
    const [status] = await cli.json("show", workflowID);
    const { createdAt } = status;
    const expected = {
      applicationVersion: "v9",
      status: "DELAYED",
      priority: 3,
      authenticatedUser: "ada",
      authenticatedRoles: ["a", "b"],
      deduplicationID: "d1",
      timeoutMS: 9,
      attributes: { team: "x" },
      input: [],
    };
    for (const [name, value] of Object.entries(expected)) assertEquals(status[name], value, name);
    assert(status.delayUntilEpochMS - createdAt >= 3_600_000);
    const again = await cli.run("enqueue", "echo", "-q", "idle", "--deduplication-id", "d1");
    assertEquals(again.code, 1);
    assertStringIncludes(again.stderr, `workflow ${workflowID} holds the deduplication ID d1`);
  });

  await test.step("arguments come from files and stdin, and must be JSON", async () => {
    const file = await Deno.makeTempFile();
    await Deno.writeTextFile(file, '\ufeff{"from": "file"}\n');
    const args = ["enqueue", "echo", "-q", "tasks", "--wait"];
    const both = await cli.runWith({ stdin: '"from stdin"' }, ...args, `@${file}`, "-");
    assertEquals(parseLines(both.stdout), [[{ from: "file" }, "from stdin"]], both.stderr);
    await Deno.writeFile(file, new Uint8Array([0x22, 0xff, 0x22]));
    const invalid = {
      secret: "it is not JSON",
      '{"secret": 1': "it is not JSON",
      "12345678901234567890": "cannot hold exactly",
      "@no/such/file": "no such file",
      [`@${file}`]: "it is not UTF-8",
    };
    for (const [text, reason] of Object.entries(invalid)) {
      const { code, stderr } = await cli.run(...args, text);
      assertEquals(code, 2, text);
      assertStringIncludes(stderr, reason);
      assert(!stderr.includes("secret"), stderr);
    }
    await Deno.remove(file);
    const { code, stderr } = await cli.runWith({ stdin: "1" }, ...args, "-", "-");
    assertEquals(code, 2);
    assertStringIncludes(stderr, "stdin is read for something else");
  });

  await test.step("enqueue --batch enqueues a job from each line of stdin or a file", async () => {
    const ids = Array.from({ length: 1200 }, newID);
    const lines = ids.map((workflowID) => JSON.stringify({ workflowID, args: [workflowID] }));
    const stdin = `${lines.join("\n")}\n\n`;
    const args = ["enqueue", "echo", "-q", "idle", "--batch"];
    const first = await cli.runWith({ stdin }, ...args, "-");
    assertEquals(
      { ...first, stdout: parseLines(first.stdout) },
      {
        code: 0,
        stdout: [{ enqueued: 1200, existing: 0, deduplicated: 0, conflicting: 0 }],
        stderr: "",
      },
    );
    const file = await Deno.makeTempFile();
    await Deno.writeTextFile(file, stdin);
    assertEquals(
      await cli.json(...args, file),
      [{ enqueued: 0, existing: 1200, deduplicated: 0, conflicting: 0 }],
    );
    const [status] = await cli.json("show", ids[700]!);
    assertEquals(status.input, [ids[700]]);
    // The name on a line comes before that on the command line.
    const other = JSON.stringify({ workflowID: ids[0], workflowName: "other" });
    const conflict = await cli.runWith({ stdin: other }, ...args, "-");
    assertEquals(conflict.code, 1);
    assertStringIncludes(conflict.stderr, "the ID is in use by workflow echo");
    await Deno.remove(file);
  });

  await test.step("enqueue --batch names the line that is wrong", async () => {
    const args = ["enqueue", "echo", "-q", "idle", "--batch", "-"];
    const wrong = {
      "{}\n[1]": "line 2: expected a JSON object",
      "{}\n{secret": "line 2: it is not JSON",
      '{"priority": "secret"}': "priority of line 1:",
      '{}\n\n{"namedArgs": "secret"}': "namedArgs of line 3:",
      '{"queue": "secret"}': "did you mean queueName?",
      '{}\n{"queueName": null}\n{}': "queueName of line 2:",
      '{}\n{"attributes": {"a": "\\u0000"}}': "attributes of line 2:",
    };
    for (const [stdin, reason] of Object.entries(wrong)) {
      const { code, stderr } = await cli.runWith({ stdin }, ...args);
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, reason);
      assert(!stderr.includes("secret") && !stderr.includes("jobs["), stderr);
    }
  });

  await test.step("enqueue --batch names the line that lacks a name", async () => {
    const args = ["enqueue", "--batch", "-"];
    const lacking = {
      '{"queueName": "idle"}': "Cannot enqueue line 1: it has no workflowName",
      '{"workflowName": "echo"}': "Cannot enqueue line 1: it has no queueName",
    };
    for (const [stdin, reason] of Object.entries(lacking)) {
      const { code, stderr } = await cli.runWith({ stdin }, ...args);
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, reason);
    }
  });

  await test.step("the duration of a deadline counts from now", async () => {
    const workflowID = newID();
    const before = Date.now();
    await cli.json("enqueue", "echo", "-q", "idle", "-i", workflowID, "--deadline", "2h");
    const [{ deadlineEpochMS }] = await cli.json("show", workflowID);
    assert(deadlineEpochMS >= before + 7_200_000, `${deadlineEpochMS - before}`);
  });

  await test.step("watch waits longer than a timer can", async () => {
    const workflowID = newID();
    await cli.json("enqueue", "reviewTask", "-q", "tasks", "-i", workflowID, '{"id": 7}');
    const watched = cli.json("watch", workflowID, "--timeout", "30d");
    await cli.json("event", workflowID, "progress");
    await cli.json("send", workflowID, '{"approved": true}', "-t", "approval");
    const changes = await watched;
    assertEquals(changes.at(-1).status, "SUCCESS");
    const { step } = changes.find(({ type }) => type === "step");
    assertEquals(Object.keys(step).filter((name) => /output|error/.test(name)), []);
  });

  await test.step("watch prints each change, and stream each value", async () => {
    const workflowID = newID();
    await cli.json("enqueue", "reviewTask", "-q", "tasks", "-i", workflowID, '{"id": 7}');
    const [watched, streamed] = [
      cli.json("watch", workflowID),
      cli.json("stream", workflowID, "log"),
    ];
    const [progress] = await cli.json("event", workflowID, "progress");
    assertEquals(progress, 0);
    const sent = await cli.run("send", workflowID, '{"approved": true}', "-t", "approval");
    assertEquals(sent, { code: 0, stdout: "", stderr: "" });
    assertEquals(await streamed, ["task 7 has started", "task 7 is approved: true"]);
    const changes = await watched;
    const { at: _at, ...last } = changes.at(-1);
    assertEquals(last, { type: "end", status: "SUCCESS", output: "published" });
    const ofType = (type: string) => changes.filter((change) => change.type === type);
    assertEquals(ofType("event").at(-1), { type: "event", key: "progress", value: 100 });
    assertEquals(ofType("status").at(-1).status, "SUCCESS");
    const steps = ofType("step").map(({ step }) => step.functionID);
    const [first] = await cli.json("steps", workflowID, "--limit", "1");
    assertEquals(first.functionID, 0);
    const all = await cli.json("steps", workflowID);
    assertEquals(steps.toSorted((a, b) => a - b), all.map(({ functionID }) => functionID));
    assertEquals(await cli.json("event", workflowID), [{ progress: 100 }]);
    assertEquals(
      await cli.json("stream", workflowID, "log", "--offset=-1", "--snapshot"),
      ["task 7 is approved: true"],
    );
  });

  await test.step("watch fails with the workflow", async () => {
    const workflowID = newID();
    await cli.json("enqueue", "chargeCard", "-q", "tasks", "-i", workflowID, '{"id": 7}');
    const { code, stdout, stderr } = await cli.run("watch", workflowID);
    assertEquals(code, 1);
    const last = parseLines(stdout).at(-1);
    assertEquals([last.status, last.error.name, last.error.code], [
      "ERROR",
      "CardError",
      "declined",
    ]);
    assertStringIncludes(stderr, "failed: CardError: the card of order 7 was declined");
  });

  await test.step("a wait that takes too long ends with exit code 4", async () => {
    const workflowID = await enqueueIdle();
    const waits = [["result", workflowID], ["watch", workflowID], ["event", workflowID, "key"], [
      "stream",
      workflowID,
      "key",
    ]];
    const outcomes = await Promise.all(waits.map((args) => cli.run(...args, "--timeout", "0.5")));
    assertEquals(outcomes.map(({ code }) => code), [4, 4, 4, 4], JSON.stringify(outcomes));
    assertStringIncludes(outcomes[0]!.stderr, "no application has registered that queue");
  });

  await test.step("an event whose value is null is printed", async () => {
    const workflowID = newID();
    await cli.json("enqueue", "publish", "-q", "tasks", "-i", workflowID, "-w", '"key"', "null");
    assertEquals(await cli.json("event", workflowID, "key", "-t", "0"), [null]);
  });

  await test.step("list and count filter workflows, and list pages through all", async () => {
    const [own] = await Promise.all([enqueueIdle()]);
    const [newest] = await cli.json("list", "-q", "idle", "--limit", "1");
    assertEquals([newest.workflowID, "input" in newest], [own, false]);
    const [withInput] = await cli.json("list", "-q", "idle", "--limit", "1", "--values");
    assertEquals(withInput.input, [7]);
    const all = await cli.json("list", "-q", "idle", "-s", "ENQUEUED", "--all", "--oldest-first");
    assert(all.length > 1200);
    assertEquals(all.at(-1).workflowID, own);
    const filter = ["-q", "idle", "--status", "ENQUEUED,DELAYED", "--start-time", "1h"];
    const groups = await cli.json("count", ...filter, "-g", "status");
    assertEquals(groups[0], { status: "ENQUEUED", count: all.length });
    assertEquals(await cli.json("count", "--attributes", '{"team": "x"}'), [{ count: 1 }]);
    assertEquals(await cli.json("count", "-q", "none", "--end-time", "2020-01-01"), [{ count: 0 }]);
    const table = (await cli.run("count", ...filter, "-g", "status", "--no-json")).stdout;
    assertMatch(table, /^STATUS {4}COUNT\nENQUEUED {3}\d{4}\nDELAYED {7}1\n$/);
  });

  await test.step("cancel, resume, rewind, fork and delete change workflows", async () => {
    const workflowID = await enqueueIdle();
    const cancelled = { workflowID, status: "CANCELLED" };
    assertEquals(await cli.json("cancel", workflowID, "--children"), [cancelled]);
    const waited = await cli.run("result", workflowID);
    assertEquals([waited.code, waited.stderr.includes("it was cancelled")], [1, true]);
    assertEquals(
      await cli.json("resume", workflowID, "-q", "idle"),
      [{ workflowID, status: "ENQUEUED" }],
    );
    await cli.json("cancel", workflowID);
    await cli.json("rewind", workflowID, "-q", "tasks");
    assertEquals(await cli.json("result", workflowID), [[7]]);
    const newWorkflowID = newID();
    const fork = ["fork", workflowID, "--start-step", "0", "--new-workflow-id", newWorkflowID];
    assertEquals(await cli.json(...fork), [{ workflowID: newWorkflowID }]);
    assertEquals(await cli.json("result", newWorkflowID), [[7]]);
    assertEquals((await cli.run(...fork)).code, 1);

    const refused = await cli.run("delete", workflowID);
    assertEquals([refused.code, refused.stderr.includes("pass --yes")], [2, true]);
    const stdin = `${workflowID}\n${newWorkflowID}\n${workflowID}\n`;
    const deleted = await cli.runWith({ stdin }, "delete", "--yes", "-");
    assertEquals(deleted, { code: 0, stdout: "", stderr: "Deleted 2 workflows\n" });
    assertEquals((await cli.run("show", workflowID)).code, 1);
  });

  await test.step("what does not exist ends with exit code 1, and says so", async () => {
    const calls = [
      ...["show", "steps", "event", "watch", "cancel", "resume", "fork", "rewind", "explain"].map(
        (name) => [name, "nope"],
      ),
      ["send", "nope", "1"],
      ["stream", "nope", "log"],
      ["delete", "nope", "--yes"],
      ["versions", "--set-latest", "nope"],
    ];
    const outcomes = await Promise.all(calls.map((args) => cli.run(...args)));
    for (const [index, { code, stderr }] of outcomes.entries()) {
      assertEquals(code, 1, calls[index]!.join(" "));
      assertMatch(
        stderr,
        /^dbos-client: Cannot .*nope: there is no such (workflow|version)\n$|^dbos-client: Cannot make application version nope the latest: there is no such version\n$/,
      );
    }
  });

  await test.step("queues have the number of workflows, the oldest and the longest wait", async () => {
    const queues = await cli.json("queues");
    const idle = queues.find(({ name }) => name === "idle");
    assertEquals([idle.isRegistered, idle.enqueued > 1200, idle.delayed], [false, true, 1]);
    assert(idle.oldestCreatedAt <= Date.now() && idle.oldestCreatedAt > Date.now() - 3_600_000);
    const tasks = queues.find(({ name }) => name === "tasks");
    assert(tasks.isRegistered && tasks.maxWaitMs >= 0, JSON.stringify(tasks));
    const table = (await cli.run("queues", "--no-json")).stdout;
    assertMatch(table, /^QUEUE +ENQUEUED +PENDING +DELAYED +OLDEST +LONGEST WAIT +LIMITS/);
    assertMatch(table, /\nidle .* not registered/);
  });

  await test.step("versions and schedules are listed", async () => {
    const [latest] = await cli.json("versions", "--set-latest", "test-1");
    assertEquals([latest.versionName, latest.applicationName], ["test-1", "test-app"]);
    assertEquals(await cli.json("schedules"), []);
  });

  await test.step("values that JSON lacks are written as JSON all the same", async () => {
    const args = ["enqueue", "echoNative", "-q", "tasks", "--serialization-type", "superjson"];
    const { stdout } = await cli.run(...args, "--wait");
    assertStringIncludes(stdout, '"bigint":12345678901234567890');
    const [value] = parseLines(stdout);
    assertEquals(value.date, "2026-01-02T03:04:05.678Z");
    assertEquals([value.map, value.set], [{ one: 1 }, ["a", "b"]]);
  });

  await test.step("a reader that leaves ends it without an error", async () => {
    const { code, stdout, stderr } = await createCli(url, ["sh", "-c"]).run(
      `{ "$@"; echo "code $?" >&2; } | head -n 1`,
      "sh",
      ...cliCommand,
      "list",
      "--all",
      "--values",
    );
    assertEquals([code, parseLines(stdout).length, stderr], [0, 1, "code 0\n"]);
  });

  await test.step("SIGINT ends a wait at once, with exit code 130", async () => {
    const workflowID = await enqueueIdle();
    const process = new Deno.Command(cliCommand[0]!, {
      args: [...cliCommand.slice(1), "watch", workflowID],
      env: { DBOS_SYSTEM_DATABASE_URL: url },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const reader = process.stdout.getReader();
    await reader.read();
    process.kill("SIGINT");
    reader.releaseLock();
    const { code, stderr } = await process.output();
    assertEquals([code, new TextDecoder().decode(stderr)], [130, ""]);
  });
});

Deno.test("stored names and values cannot control the terminal", async () => {
  await using database = await createTestDatabase();
  await using _worker = await startWorker({ systemDatabaseUrl: database.url });
  const cli = createCli(database.url);
  const hostile = "\x1b]0;title\x07\x1b[2J\x9b31m\u202e\r\nx";
  const workflowID = `id${hostile}`;
  await cli.json("enqueue", hostile, "-q", hostile, "-i", workflowID, JSON.stringify(hostile));
  const published = `published${hostile}`;
  const args = [hostile, { [hostile]: hostile }].map((value) => JSON.stringify(value));
  await cli.json("enqueue", "publish", "-q", "tasks", "-w", "-i", published, ...args);
  const failed = `failed${hostile}`;
  await cli.run("enqueue", "fail", "-q", "tasks", "-w", "-i", failed, JSON.stringify(hostile));
  const calls = [
    ["list", "--values"],
    ["show", workflowID],
    ["show", failed],
    ["explain", workflowID],
    ["queues"],
    ["event", published],
    ["result", published],
    ["result", failed],
    ["watch", failed],
    ["count", "-g", "workflowName"],
    ["cancel", workflowID, `nope${hostile}`],
    ["enqueue", "x", "-q", "tasks", `@${hostile}`],
    ["list", "--status", hostile],
    [hostile],
    ["doctor"],
  ];
  for (const format of ["--no-json", "--json"]) {
    for (const call of calls) {
      const { stdout, stderr } = await cli.run(...call, ...call.length > 1 ? [format] : []);
      // deno-lint-ignore no-control-regex
      const [found] = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.exec(stdout + stderr) ?? [];
      assertEquals(found, undefined, `${call[0]} ${format}: ${JSON.stringify(stdout + stderr)}`);
    }
  }
});

Deno.test("a command line that is wrong ends with exit code 2, and shows no secret", async () => {
  const secret = "postgres://u:secret@127.0.0.1:1/x";
  const calls = {
    [`list --databse-url ${secret}`]: "no flag --databse-url; did you mean --database-url?",
    [`list --databse-url=${secret}`]: "no flag --databse-url; did you mean --database-url?",
    [`list ${secret}`]: "expected at most 0 arguments",
    [`${secret} list`]: "there is no command",
    [`-D ${secret} list`]: "the command comes first",
    [`list -D ${secret}?bogus=secret`]: 'parameter "bogus"',
    "list -D mysql://u:secret@h/x": "not a Postgres URL",
    "list -D": "--database-url needs a value",
    "list --status secret": "expected one of PENDING",
    "list --limit secret": "expected an integer",
    "list --start-time secret": "expected a time such as",
    "result x --timeout secret": "expected a number of seconds",
    "shw x": "no command shw, perhaps show",
    show: "<workflow-id> is missing",
    "show a b": "expected at most 1 argument",
    enqueue: "its name is missing",
    "enqueue x": "pass --queue-name",
    "enqueue x --batch - 1": "write args on each line",
    "enqueue x --batch - --wait": "--wait with --batch",
    "enqueue x -q tasks --timeout 5": "--timeout without --wait",
    "list --all --limit 3": "--limit or --offset with --all",
    "enqueue x --batch no/such/file": "no such file",
    "completion ksh": "expected one of bash, zsh, fish",
    list: "missing URL",
  };
  const cli = createCli("");
  const outcomes = await Promise.all(Object.keys(calls).map((args) => cli.run(...args.split(" "))));
  for (const [index, [args, reason]] of Object.entries(calls).entries()) {
    const { code, stdout, stderr } = outcomes[index]!;
    assertEquals([code, stdout], [2, ""], args);
    assertMatch(stderr, /^dbos-client: Cannot .*\n$/);
    assertStringIncludes(stderr, reason);
    assert(!stderr.includes("secret"), stderr);
  }
});

Deno.test("a database that cannot be used ends with exit code 3, and shows no secret", async () => {
  await using database = await createTestDatabase();
  const wrong = new URL(database.url);
  wrong.password = "secret";
  wrong.pathname = "/no_such_database";
  const urls = ["postgres://u:secret@127.0.0.1:1/x", wrong.href, database.url];
  for (const url of urls) {
    const { code, stdout, stderr } = await createCli(url).run("list");
    assertEquals([code, stdout], [3, ""], stderr);
    assertMatch(stderr, /^dbos-client: .*dbos-client doctor tells more\n$/);
    assert(!stderr.includes("secret") && !stderr.includes("postgres://"), stderr);
  }
});

Deno.test("the program has help, examples and a version", async () => {
  const cli = createCli("");
  assertEquals(await cli.run("--version"), {
    code: 0,
    stdout: `${config.version}\n`,
    stderr: "",
  });
  assertEquals(version, config.version);
  const help = (await cli.run("--help")).stdout;
  const names = [...help.matchAll(/^ {2}([a-z]+) {2,}[A-Z]/gm)].map(([, name]) => name!);
  assertEquals(names.length, 21);
  const helps = await Promise.all(names.map((name) => cli.run(name, "--help")));
  for (const [index, { code, stdout }] of helps.entries()) {
    assertEquals(code, 0);
    assertStringIncludes(stdout, `EXAMPLES\n  `);
    assertMatch(stdout, new RegExp(`^USAGE\n {2}dbos-client ${names[index]} `));
  }
  assertEquals(await cli.run("help", "show"), await cli.run("show", "--help"));
});

/** What a shell proposes for the last of some words, by the program that prints it. */
const completionShells: Readonly<Record<string, readonly string[]>> = {
  bash: [
    "-ec",
    `source <(dbos-client completion bash)
    COMP_WORDS=(dbos-client "$@"); COMP_CWORD=$#; _dbos_client
    if [ \${#COMPREPLY[@]} -gt 0 ]; then printf '%s\\n' "\${COMPREPLY[@]}"; else ls; fi`,
    "bash",
  ],
  // Only a terminal has its completion system.
  zsh: [
    "-fec",
    `function compdef {}
    function _describe { print -rl -- "\${(@P)2}" }
    function _files { ls }
    source <(dbos-client completion zsh)
    words=(dbos-client "$@"); CURRENT=$(( $# + 1 )); _dbos_client`,
    "zsh",
  ],
  fish: [
    "--no-config",
    "-c",
    'dbos-client completion fish | source; complete -C "dbos-client $argv"',
  ],
};

for (const [shell, args] of Object.entries(completionShells)) {
  const isMissing = !isInstalled(shell);
  Deno.test({
    name: `${shell} completes commands, flags, values and files` +
      (isMissing ? ` (skipped: ${shell} is not installed)` : ""),
    ignore: isMissing,
    async fn() {
      await using program = await installCli();
      const folder = await Deno.makeTempDir();
      try {
        await Deno.writeTextFile(`${folder}/jobs.ndjson`, "");
        const complete = async (...words: string[]) => {
          const { code, stdout, stderr } = await runCommand([shell, ...args], words, {
            cwd: folder,
            env: { PATH: `${program.folder}:${Deno.env.get("PATH")}` },
          });
          assertEquals([code, stderr], [0, ""]);
          return stdout.split("\n").map((line) => line.split(/[\t:]/)[0]!).filter(Boolean).sort();
        };
        assertEquals(await complete("re"), ["result", "resume", "rewind"]);
        assertEquals(await complete("enqueue", "--queue"), [
          "--queue-name",
          "--queue-partition-key",
        ]);
        assertEquals(await complete("list", "--status", "E"), ["ENQUEUED", "ERROR"]);
        assertEquals(await complete("completion", ""), ["bash", "fish", "zsh"]);
        assertEquals(await complete("enqueue", "--batch", "j"), ["jobs.ndjson"]);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

Deno.test("tables keep to no color in pipes, unless FORCE_COLOR asks for it", async () => {
  await using database = await createTestDatabase();
  await execute(database.url, "create schema other");
  const cli = createCli(database.url);
  const run = async (env: Record<string, string>) =>
    (await cli.runWith({ env }, "doctor", "--no-json")).stdout.includes("\x1b[");
  assertEquals(await run({}), false);
  assertEquals(await run({ FORCE_COLOR: "1" }), true);
  assertEquals(await run({ FORCE_COLOR: "1", NO_COLOR: "1" }), true);
  assertEquals(await run({ FORCE_COLOR: "0" }), false);
});
