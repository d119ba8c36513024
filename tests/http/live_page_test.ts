/** Shows workflows live in a real browser, on the page of examples/live_page.ts. */
import { assertEquals } from "@std/assert";
import type { Browser, Page } from "playwright-core";
import { type Client, enqueue, getResult, readStream, send } from "../../mod.ts";
import { workflowEvents } from "../../src/http/mod.ts";
import { missingChromium, startChromium } from "../support/chromium.ts";
import { execute } from "../support/database.ts";
import { createEnvironment, soon } from "../support/example_service.ts";
import { root } from "../support/packed.ts";
import { testFlags } from "../support/run_example.ts";
import { type Service, startService } from "../support/service.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";

async function startPage(env: Record<string, string>): Promise<Service> {
  const flags = ["--no-prompt", "--allow-env", "--allow-net", ...testFlags];
  return await startService(Deno.execPath(), ["run", ...flags, "examples/live_page.ts"], {
    cwd: root,
    env: { ...env, DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0", SIGNAL_SECRET: "0123456789abcdef" },
  });
}

/** Starts a workflow that writes what it is told to the log of the page. */
async function startRelay(client: Client): Promise<string> {
  const options = { workflowName: "relay", queueName: "tasks", workflowID: `review-${newID()}` };
  return (await enqueue(client, options, "log")).workflowID;
}

const newID = () => crypto.randomUUID();

function relay(client: Client, workflowID: string, values: number[], end?: string): Promise<void> {
  return send(client, workflowID, { values, ...end && { end } }, { topic: "relay" });
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** Waits until the log of a page has this many lines, and returns all lines that it has. */
async function readLog(page: Page, count: number): Promise<number[]> {
  await page.locator(`#log li:nth-child(${count})`).waitFor({ state: "attached" });
  return (await page.locator("#log li").allTextContents()).map(Number);
}

async function untilStatus(page: Page, status: string): Promise<void> {
  await page.locator("#status", { hasText: new RegExp(`^${status}$`) }).waitFor();
}

Deno.test({
  name: `a page shows workflows live in Chromium${
    missingChromium ? ` (skipped: ${missingChromium})` : ""
  }`,
  ignore: missingChromium !== undefined,
  // The browser is started and ended by Playwright, which leaves timers behind.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(test) {
    await using resources = new AsyncDisposableStack();
    const environment = resources.use(await createEnvironment());
    const { client } = environment;
    const browser: Browser = await startChromium();
    resources.defer(() => browser.close());
    let service = await startPage(environment.env);
    resources.defer(() => service[Symbol.asyncDispose]());
    // Cuts connections between the browser and the server.
    const proxy = resources.use(await startTcpProxy(service.url.href));
    const { origin } = new URL(proxy.url);

    const open = async (path: string) => {
      const page = await browser.newPage();
      page.setDefaultTimeout(60_000);
      await page.goto(`${origin}${path}`);
      return page;
    };
    const step = (name: string, fn: () => Promise<void>) =>
      test.step({ name, fn, sanitizeOps: false, sanitizeResources: false });

    await step("from its start to its end, and sends an answer once", async () => {
      const page = await open("/");
      const log = page.locator("#log");
      await log.getByText("task 7 has started").waitFor();
      assertEquals(await page.locator("#progress").evaluate((it) => it.getAttribute("max")), "100");
      const [approval] = await Promise.all([
        page.context().waitForEvent("page"),
        page.getByText("approve").click(),
      ]);
      await approval.getByRole("button").click();
      await approval.getByText("Your answer was sent.").waitFor();
      await log.getByText("task 7 is approved: true").waitFor();
      await untilStatus(page, "SUCCESS");
      const value = await page.evaluate("document.getElementById('progress').value");
      assertEquals(value, 100);
      const [rejection] = await Promise.all([
        page.context().waitForEvent("page"),
        page.getByText("reject").click(),
      ]);
      await rejection.getByText("Your answer was not sent.").waitFor();
    });

    await step("in two tabs, across a dropped connection and a restart of the server", async () => {
      const workflowID = await startRelay(client);
      const tabs = await Promise.all([1, 2].map(() => open(`/task?id=${workflowID}`)));
      const checkAll = async (count: number) => {
        for (const tab of tabs) assertEquals(await readLog(tab, count), range(0, count));
      };
      await relay(client, workflowID, range(0, 10));
      await checkAll(10);
      proxy.cut();
      await relay(client, workflowID, range(10, 20));
      await checkAll(20);
      await proxy.refuse();
      await relay(client, workflowID, range(20, 30));
      await proxy.restore();
      await checkAll(30);
      // Killed, it has no time to end its responses.
      await service[Symbol.asyncDispose]();
      await relay(client, workflowID, range(30, 40));
      service = await startPage(environment.env);
      proxy.leadTo(service.url.href);
      await checkAll(40);
      await relay(client, workflowID, range(40, 45), "return");
      await checkAll(45);
      for (const tab of tabs) await untilStatus(tab, "SUCCESS");
    });

    await step("replays 2,000 values, also if the connection drops meanwhile", async () => {
      const workflowID = `review-${newID()}`;
      // As a worker writes them, but faster.
      await execute(
        environment.url,
        `insert into dbos.workflow_status (workflow_uuid, status, name)
        values ('${workflowID}', 'SUCCESS', 'writeNumbers');
        insert into dbos.streams (workflow_uuid, key, value, "offset", function_id, serialization)
        select '${workflowID}', 'log', number, number, 0, 'portable_json'
        from generate_series(0, 1999) as number`,
      );
      const page = await open(`/task?id=${workflowID}`);
      await readLog(page, 100);
      proxy.cut();
      assertEquals(await readLog(page, 2000), range(0, 2000));
      await untilStatus(page, "SUCCESS");
    });

    await step("an EventSource that nobody closes stops after the end", async () => {
      const workflowID = `review-${newID()}`;
      await enqueue(client, { workflowName: "echo", queueName: "tasks", workflowID });
      await getResult(client, workflowID, soon);
      const page = await open("/task?id=unknown");
      const messages = await page.evaluate(`new Promise((resolve) => {
        const messages = [];
        const source = new EventSource("/workflows/${workflowID}");
        for (const name of ["status", "end"]) {
          source.addEventListener(name, () => messages.push(name));
        }
        source.onerror = () => {
          if (source.readyState === EventSource.CLOSED) resolve(messages);
        };
      })`);
      assertEquals(messages, ["status", "end"]);
    });

    await step(
      "and one that starts at the end misses nothing, if it was sent nothing yet",
      async () => {
        const workflowID = await startRelay(client);
        await relay(client, workflowID, range(0, 5));
        const stream = readStream(client, workflowID, "log", soon);
        for (let count = 0; count < 5; count++) await stream.next();
        await stream.return();
        const positions: (string | null)[] = [];
        const events = workflowEvents(client, {
          authorize({ headers }) {
            positions.push(headers.get("last-event-id"));
            return true;
          },
          streams: ["log"],
          status: false,
          fromEnd: true,
          heartbeatSeconds: 0.05,
          retryMs: 1,
        });
        const serveOptions = { hostname: "127.0.0.1", port: 0, onListen() {} };
        await using server = Deno.serve(
          serveOptions,
          (request) => request.url.endsWith(workflowID) ? events(request) : new Response("a page"),
        );
        await using otherProxy = await startTcpProxy(`http://127.0.0.1:${server.addr.port}`);
        const page = await browser.newPage();
        await page.goto(new URL(otherProxy.url).origin);
        const network = await page.context().newCDPSession(page);
        await network.send("Network.enable");
        let received = 0;
        // Heartbeats follow the position, so that has arrived as well.
        const untilReceived = new Promise<void>((resolve) =>
          network.on("Network.dataReceived", () => {
            if (++received === 3) {
              resolve();
            }
          })
        );
        await page.evaluate(`{
        window.values = [];
        window.source = new EventSource("/${workflowID}");
        source.addEventListener("stream", ({ data }) => values.push(JSON.parse(data).value));
        source.addEventListener("end", () => source.close());
      }`);
        await untilReceived;
        // A value that is written while nobody is connected.
        await otherProxy.refuse();
        await relay(client, workflowID, [5], "return");
        await getResult(client, workflowID, soon);
        await otherProxy.restore();
        await page.waitForFunction("source.readyState === EventSource.CLOSED");
        assertEquals(await page.evaluate("values"), [5]);
        const fields = positions.map((position) => new URLSearchParams(position ?? ""));
        assertEquals(fields.map((field) => field.get("offset.log")), [null, "5"]);
      },
    );
  },
});
