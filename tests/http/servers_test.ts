/** Runs the handlers of `/http`, from the packed package, under servers of every kind. */
import { assertEquals, assertMatch } from "@std/assert";
import { createHmac } from "node:crypto";
import pg from "pg";
import { enqueue, getAllNotifications, getResult, send } from "../../mod.ts";
import { signalLink } from "../../src/http/mod.ts";
import { readEventStream, type ServerSentEvent } from "../support/event_stream_reader.ts";
import { createEnvironment, type Environment, soon } from "../support/example_service.ts";
import {
  bunFor,
  findMissingTool,
  install,
  node,
  pack,
  root,
  run,
  versionOf,
} from "../support/packed.ts";
import { type Service, startService } from "../support/service.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";
import { until } from "../support/until.ts";
import { startWorkerd, workerdPackages } from "../support/workerd.ts";

const secret = "a secret that the test knows";
const applicationName = "http_server";

const valuesOf = (messages: readonly ServerSentEvent[]) =>
  messages.filter(({ event }) => event === "stream").map(({ data: { offset, value } }) => [
    offset,
    value,
  ]);

/** Waits until the connections of a server send nothing any more. */
async function untilQuiet({ url, client }: Environment): Promise<void> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  try {
    for (let before: unknown, now: unknown = "";; before = now) {
      const { rows } = await connection.query(
        `select count(*)::int, max(query_start)::text from pg_stat_activity
        where application_name = $1 and datname = current_database()`,
        [applicationName],
      );
      now = JSON.stringify(rows);
      if (now === before) return;
      // A wait that goes on polls several times meanwhile.
      for (let count = 0; count < 3; count++) {
        const handle = await enqueue(client, { workflowName: "nothing", queueName: "tasks" });
        await handle.getResult(soon);
      }
    }
  } finally {
    await connection.end();
  }
}

/** Reads a workflow, leaves in the middle, and resumes. */
async function checkEvents({ url }: Service, environment: Environment): Promise<void> {
  const { client } = environment;
  const relay = { workflowName: "relay", queueName: "tasks" };
  const { workflowID } = await enqueue(client, relay, "log");
  const sendValues = (values: number[], end?: string) =>
    send(client, workflowID, { values, ...end && { end } }, { topic: "relay" });
  const read = (headers: Record<string, string>, origin = url.href) =>
    fetch(new URL(`/workflows/${workflowID}`, origin), { headers });

  const refused = await read({});
  assertEquals([refused.status, await refused.json()], [403, { error: "Forbidden" }]);
  await using proxy = await startTcpProxy(url.href);
  const reader = readEventStream(await read({ authorization: secret }, proxy.url));
  const first: ServerSentEvent[] = [];
  const readAll = async () => {
    for (let next = await reader.next(); next; next = await reader.next()) first.push(next);
  };
  const reading = readAll().catch(() => {});
  await sendValues([0, 1, 2]);
  await until(() => valuesOf(first).length === 3);
  const { comments } = reader;
  // Heartbeats arrive although nothing happens.
  await until(() => reader.comments > comments + 1);
  proxy.cut();
  await reading;
  await untilQuiet(environment);
  await sendValues([3, 4], "return");
  const headers = { authorization: secret, "last-event-id": reader.lastEventID };
  const rest = await readEventStream(await read(headers)).rest();
  assertEquals(valuesOf([...first, ...rest]), [0, 1, 2, 3, 4].map((value) => [value, value]));
  assertEquals(rest.at(-1)?.data, { status: "SUCCESS", output: "done" });
  const over = await read({ authorization: secret, "last-event-id": rest.at(-1)!.id });
  assertEquals([over.status, await over.text()], [204, ""]);
}

/** Delivers a webhook, again, forged and too large. */
async function checkWebhook({ url }: Service, { client }: Environment): Promise<void> {
  const delivery = crypto.randomUUID();
  const post = async (body: BodyInit, signature: string) => {
    const response = await fetch(new URL("/webhook", url), {
      method: "POST",
      headers: { "x-hub-signature-256": signature, "x-github-delivery": delivery },
      body,
    });
    return [response.status, await response.json()];
  };
  const sign = (body: string) =>
    `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  const body = '{"id":7}';
  const workflowID = `github-${delivery}`;
  for (let count = 0; count < 2; count++) {
    assertEquals(await post(body, sign(body)), [202, { workflowID }]);
  }
  assertEquals(await getResult(client, workflowID, soon), "task 7 is done");
  assertEquals((await post(body, sign("{}")))[0], 401);
  assertEquals((await post("{", sign("{")))[0], 422);
  const large = "x".repeat(1001);
  assertEquals((await post(large, sign(large)))[0], 413);
  // In parts, so that its length is not declared.
  const parts = ReadableStream.from([large.slice(500), large.slice(500), large]);
  assertEquals((await post(parts.pipeThrough(new TextEncoderStream()), sign(large)))[0], 413);
}

/** Announces more of a body than it sends, and then waits for the response. */
async function checkSilentSender({ url }: Service): Promise<void> {
  using connection = await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
  const head = `POST /hasty HTTP/1.1\r\nhost: ${url.host}\r\ncontent-length: 10\r\n\r\n`;
  await connection.write(new TextEncoder().encode(`${head}{`));
  const response = new Uint8Array(1000);
  const length = await connection.read(response);
  assertMatch(new TextDecoder().decode(response.subarray(0, length ?? 0)), /^HTTP\/1\.1 408 /);
}

/** Uses a link twice. */
async function checkSignals({ url }: Service, { client }: Environment): Promise<void> {
  const { workflowID } = await enqueue(client, { workflowName: "echo", queueName: "idle" });
  const link = await signalLink({ url: new URL("/signals", url), secret, workflowID, message: 7 });
  const texts: string[] = [];
  for (const method of ["GET", "POST", "POST"]) {
    const response = await fetch(link, { method });
    assertEquals([response.status, response.headers.get("referrer-policy")], [200, "no-referrer"]);
    texts.push(await response.text());
  }
  assertMatch(texts[0]!, /<form/);
  assertMatch(texts[2]!, /was sent/);
  const messages = await getAllNotifications(client, workflowID);
  assertEquals(messages.map(({ message }) => message), [7]);
}

const files = ["routes.ts", "server.ts", "worker.ts"];

const missingTool = findMissingTool();
Deno.test({
  name: `the handlers under every server${missingTool ? ` (skipped: ${missingTool})` : ""}`,
  ignore: missingTool !== undefined,
  async fn(test) {
    const folder = await Deno.makeTempDir();
    try {
      await pack(folder);
      const packages = ["hono", "@hono/node-server"].map((name) => `${name}@${versionOf(name)}`);
      await install(folder, `${folder}/package.tgz`, ...packages, ...workerdPackages);
      for (const file of files) {
        await Deno.copyFile(`${root}tests/programs/http/${file}`, `${folder}/${file}`);
      }
      // Not every Node runs TypeScript.
      await run(
        folder,
        "node_modules/.bin/esbuild",
        ...["server.ts", "--bundle", "--format=esm", "--packages=external", "--outfile=server.mjs"],
      );
      await test.step("type check", async () => {
        const flags = "--noEmit --strict --target es2022 --module nodenext --lib esnext,dom";
        const options = ["--types", "node", "--allowImportingTsExtensions"];
        await run(folder, "node_modules/.bin/tsc", ...flags.split(" "), ...options, ...files);
      });
      await using environment = await createEnvironment();
      const start = (command: string, args: string[], kind: string) =>
        startService(command, [...args, environment.url, kind], { cwd: folder });
      const deno = ["run", "-A", "--quiet", "--node-modules-dir=manual", "--no-lock", "server.mjs"];
      const servers: Record<string, () => Promise<Service>> = {
        "Deno.serve()": () => start(Deno.execPath(), deno, "deno"),
        "Hono on Deno": () => start(Deno.execPath(), deno, "hono"),
        "Bun.serve()": () => start(bunFor(folder), ["server.mjs"], "bun"),
        "Node, through Hono's adapter": () => start(node, ["server.mjs"], "node"),
        "Hono on Node": () => start(node, ["server.mjs"], "hono on node"),
        "workerd": () => startWorkerd(folder, "worker.ts", environment.url),
      };
      for (const [name, startServer] of Object.entries(servers)) {
        await test.step(`${name} shows workflows, enqueues from webhooks, and sends signals`, async () => {
          await using service = await startServer();
          try {
            await checkEvents(service, environment);
            await checkWebhook(service, environment);
            await checkSilentSender(service);
            await checkSignals(service, environment);
          } catch (error) {
            console.error(service.printed());
            throw error;
          }
          // Neither a warning nor an error.
          const lines = service.printed().trimEnd().split("\n");
          assertEquals(lines.filter((line) => !/^Listening on|"event":"listen"/.test(line)), []);
        });
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
