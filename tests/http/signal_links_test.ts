import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import pg from "pg";
import {
  cancelWorkflow,
  connect,
  enqueue,
  getAllNotifications,
  getResult,
  send,
} from "../../mod.ts";
import {
  signalHandler,
  type SignalHandlerOptions,
  signalLink,
  type SignalLinkOptions,
  type SignalPage,
} from "../../src/http/mod.ts";
import { createTestDatabase } from "../support/database.ts";
import { createEnvironment, soon } from "../support/example_service.ts";
import { migrate } from "../support/migrate.ts";

const secret = "a secret of 16 characters or more";
const url = "https://shop.example/signals?lang=en";

/** Opens a link, or presses the button of its page. */
const get = (link: string) => new Request(link);
const press = (link: string) => new Request(link, { method: "POST" });

Deno.test("a signal link sends its message to a workflow, once", async (test) => {
  await using environment = await createEnvironment();
  const { client } = environment;
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const handler = signalHandler(client, { secret, onError });

  const review = async () => {
    const options = { workflowName: "reviewTask", queueName: "tasks" };
    const { workflowID } = await enqueue(client, options, { id: 7 });
    return workflowID;
  };
  const approval = (workflowID: string, options: Partial<SignalLinkOptions> = {}) =>
    signalLink({
      url,
      secret,
      workflowID,
      topic: "approval",
      message: { approved: true },
      ...options,
    });
  const answer = async (request: Request, options: Partial<SignalHandlerOptions> = {}) => {
    const handle = Object.keys(options).length === 0
      ? handler
      : signalHandler(client, { secret, onError, ...options });
    const response = await handle(request);
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  const sentTo = async (workflowID: string) =>
    (await getAllNotifications(client, workflowID)).map(({ topic, message }) => ({
      topic,
      message,
    }));

  await test.step("when its button is pressed, not when it is opened", async () => {
    const workflowID = await review();
    const link = await approval(workflowID, { label: 'Approve <b>&"7"</b>' });
    assertMatch(link, /^https:\/\/shop\.example\/signals\?lang=en&signal=[\w.-]+$/);
    const opened = await answer(get(link));
    assertEquals(opened.status, 200);
    assertMatch(opened.text, /<form method="post"><button>/);
    assertMatch(opened.text, /<h1>Approve &lt;b&gt;&amp;&quot;7&quot;&lt;\/b&gt;<\/h1>/);
    const headers = ["cache-control", "referrer-policy", "x-robots-tag", "x-content-type-options"];
    assertEquals(headers.map((name) => opened.headers.get(name)), [
      "no-store",
      "no-referrer",
      "noindex",
      "nosniff",
    ]);
    assertMatch(opened.headers.get("content-security-policy")!, /frame-ancestors 'none'$/);
    const head = await answer(new Request(link, { method: "HEAD" }));
    assertEquals([head.status, head.text], [200, ""]);
    assertEquals(await sentTo(workflowID), []);

    const pressed = await answer(press(link));
    assertEquals(pressed.status, 200);
    assertMatch(pressed.text, /Your answer was sent\./);
    assert(!pressed.text.includes("<form"));
    assertEquals(await getResult(client, workflowID, soon), "published");
    // Also after the workflow has ended.
    for (const request of [press(link), get(link)]) {
      assertMatch((await answer(request)).text, /Your answer was sent\./);
    }
    assertEquals(await sentTo(workflowID), [{ topic: "approval", message: { approved: true } }]);
  });

  await test.step("when it is opened, if the handler is told so; but not for HEAD", async () => {
    const workflowID = await review();
    const link = await approval(workflowID);
    await answer(new Request(link, { method: "HEAD" }), { confirm: false });
    assertEquals(await sentTo(workflowID), []);
    for (let count = 0; count < 2; count++) {
      assertMatch((await answer(get(link), { confirm: false })).text, /Your answer was sent/);
    }
    assertEquals((await sentTo(workflowID)).length, 1);
  });

  await test.step("from many clicks at once", async () => {
    const { workflowID } = await enqueue(client, { workflowName: "echo", queueName: "idle" });
    const link = await approval(workflowID);
    const answers = await Promise.all(Array.from({ length: 20 }, () => answer(press(link))));
    assertEquals(new Set(answers.map(({ status }) => status)), new Set([200]));
    assertEquals((await sentTo(workflowID)).length, 1);
  });

  await test.step("and only the first answer of a decision counts, as the other pages say", async () => {
    const { workflowID } = await enqueue(client, { workflowName: "echo", queueName: "idle" });
    const decisionID = "approval-7";
    const [yes, no] = await Promise.all(
      [true, false].map((approved) => approval(workflowID, { decisionID, message: { approved } })),
    ) as [string, string];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => answer(press(index % 2 ? yes : no))),
    );
    const [sent, ...others] = await sentTo(workflowID);
    assertEquals(others, []);
    const { approved } = sent!.message as { approved: boolean };
    for (const [index, { status, text }] of answers.entries()) {
      const isFirst = (index % 2 === 1) === approved;
      assertEquals(status, isFirst ? 200 : 409);
      assertEquals(text.includes("Your answer was not sent"), !isFirst);
    }
    assertEquals((await answer(get(approved ? no : yes))).status, 409);
    // A new link of the same answer is the same answer.
    const again = await approval(workflowID, { decisionID, message: { approved } });
    assertEquals((await answer(get(again))).status, 200);
    // The program can give the answer as well.
    const next = "approval-8";
    await send(client, workflowID, { approved: false }, {
      topic: "approval",
      idempotencyKey: next,
    });
    const late = await approval(workflowID, { decisionID: next });
    assertEquals((await answer(press(late))).status, 409);
  });

  await test.step("whoever else has given the answer, and in whatever format", async () => {
    const { workflowID } = await enqueue(client, { workflowName: "echo", queueName: "idle" });
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const message = { approved: true, by: ["a", { c: 1, b: null }] };
    const answers: [unknown, number][] = [
      [{ by: ["a", { b: null, c: 1 }], approved: true }, 200],
      [{ by: [{ b: null, c: 1 }, "a"], approved: true }, 409],
      [{ ...message, more: 1 }, 409],
      [{ ...message, approved: 1n }, 409],
      [circular, 409],
    ];
    for (const [index, [sent, status]] of answers.entries()) {
      const decisionID = `by a program ${index}`;
      await send(client, workflowID, sent, {
        topic: "approval",
        idempotencyKey: decisionID,
        serializationType: "native",
      });
      const link = await approval(workflowID, { decisionID, message });
      assertEquals((await answer(press(link))).status, status, decisionID);
    }
  });

  await test.step("and without a decision, links with other contents are other messages", async () => {
    const { workflowID } = await enqueue(client, { workflowName: "echo", queueName: "idle" });
    for (const message of [1, 2, undefined, ["ü"]]) {
      assertEquals((await answer(press(await approval(workflowID, { message })))).status, 200);
    }
    const messages = (await sentTo(workflowID)).map(({ message }) => message);
    assertEquals(messages, [1, 2, null, ["ü"]]);
  });

  await test.step("not after it has expired, unless it was sent before", async () => {
    const { workflowID } = await enqueue(client, { workflowName: "echo", queueName: "idle" });
    const expired = await approval(workflowID, { expiresInSeconds: 0.001 });
    const used = await approval(workflowID, { expiresInSeconds: 30, decisionID: "used" });
    assertEquals((await answer(press(used))).status, 200);
    const [now, after] = [Date.now, Date.now() + 60_000];
    try {
      Date.now = () => after;
      for (const request of [get(expired), press(expired)]) {
        const { status, text } = await answer(request);
        assertEquals(status, 410);
        assertMatch(text, /has expired/);
      }
      assertEquals((await answer(get(used))).status, 200);
    } finally {
      Date.now = now;
    }
    assertEquals((await sentTo(workflowID)).length, 1);
  });

  await test.step("not if it was forged, cut or signed with another secret", async () => {
    const { workflowID } = await enqueue(client, { workflowName: "echo", queueName: "idle" });
    const link = await approval(workflowID);
    const [payload, signature] = new URL(link).searchParams.get("signal")!.split(".");
    const contents = JSON.parse(atob(payload!.replaceAll("-", "+").replaceAll("_", "/")));
    const other = btoa(JSON.stringify({ ...contents, message: { approved: false } }))
      .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    const tokens = ["", ".", payload!, `${payload}.`, `${other}.${signature}`, `.${signature}`];
    tokens.push(`${payload}.${signature}.`, `${payload}.${signature!.slice(1)}`, `${payload}.?`);
    for (const token of tokens) {
      const forged = new URL(link);
      forged.searchParams.set("signal", token);
      const { status, text } = await answer(press(forged.href));
      assertEquals([status, text.includes("not valid")], [403, true], token);
    }
    assertEquals((await answer(press("https://shop.example/signals"))).status, 403);
    const foreign = await approval(workflowID, { secret: "another secret of some length" });
    assertEquals((await answer(press(foreign))).status, 403);
    assertEquals(await sentTo(workflowID), []);
    // While one secret replaces another, both are accepted.
    const both = { secret: [secret, "another secret of some length"] };
    assertEquals((await answer(press(foreign), both)).status, 200);
    assertEquals((await answer(press(link), both)).status, 200);
  });

  await test.step("not to a workflow that has ended or does not exist", async () => {
    const { workflowID } = await enqueue(client, { workflowName: "echo", queueName: "idle" });
    await cancelWorkflow(client, workflowID);
    for (const request of [get, press]) {
      assertEquals((await answer(request(await approval(workflowID)))).status, 410);
      assertEquals((await answer(request(await approval("unknown")))).status, 404);
    }
    assertEquals(await sentTo(workflowID), []);
  });

  await test.step("with a page of one's own", async () => {
    const { workflowID } = await enqueue(client, { workflowName: "echo", queueName: "idle" });
    const pages: SignalPage[] = [];
    const renderPage = (page: SignalPage) => {
      pages.push(page);
      return `<p>${page.state}`;
    };
    const link = await approval(workflowID, { label: "Approve" });
    const page = { label: "Approve", workflowID };
    assertEquals((await answer(get(link), { renderPage })).text, "<p>confirm");
    const sent = await answer(press(link), { renderPage });
    assertEquals(sent.headers.get("content-security-policy"), "frame-ancestors 'none'");
    await answer(get(`${link}0`), { renderPage });
    assertEquals(pages, [{ ...page, state: "confirm" }, { ...page, state: "sent" }, {
      state: "invalid",
    }]);
    errors.length = 0;
    const fail = () => {
      throw new Error("secret");
    };
    const failed = await answer(get(link), { renderPage: fail });
    assertEquals([failed.status, failed.text], [500, '{"error":"Internal error"}']);
    assertEquals(errors.length, 1);
  });

  await test.step("methods that are none of a link are refused", async () => {
    const { status, headers } = await answer(new Request(url, { method: "PUT" }));
    assertEquals([status, headers.get("allow")], [405, "GET, HEAD, POST"]);
  });
});

Deno.test("a signal link says so if the database is out of reach, and can be used later", async () => {
  await using database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  await migrate(pool);
  await using client = await connect(database.url, { retryTimeoutSeconds: 0 });
  const { workflowID } = await enqueue(client, { workflowName: "echo", queueName: "idle" });
  const link = await signalLink({ url, secret, workflowID, message: 1 });
  const errors: unknown[] = [];
  const handler = signalHandler(client, { secret, onError: (error) => errors.push(error) });
  await pool.query("alter table dbos.notifications rename to elsewhere");
  const failed = await handler(press(link));
  assertEquals(failed.status, 500);
  assertMatch(await failed.text(), /could not be sent[^]*<form/);
  assertEquals(errors.length, 1);
  await pool.query("alter table dbos.elsewhere rename to notifications");
  assertEquals((await handler(press(link))).status, 200);
  await pool.end();
});

Deno.test("signalLink() and signalHandler() refuse what makes no safe link", async () => {
  const options = { url, secret, workflowID: "a", message: 1 };
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  for (const message of [circular, 7n, () => {}, Symbol("a")]) {
    await assertRejects(() => signalLink({ ...options, message }), TypeError);
  }
  for (const wrong of [{ secret: "short" }, { url: "/signals" }, { workflowID: "" }]) {
    await assertRejects(() => signalLink({ ...options, ...wrong }), RangeError);
  }
  await assertRejects(() => signalLink({ ...options, expiresInSeconds: 0 }), RangeError);
  await assertRejects(
    () => signalLink({ ...options, decisionID: "x".repeat(3000) }),
    RangeError,
    "decisionID of signalLink()",
  );
  const driver = { query: () => Promise.resolve([]) };
  assertThrows(() => signalHandler(driver, { secret: [] }), RangeError, "no secret");
  const short = assertThrows(() => signalHandler(driver, { secret: [secret, "a short one"] }));
  assert(!`${short}`.includes("a short one"));
  assertNotEquals(await signalLink(options), await signalLink({ ...options, message: 2 }));
});
