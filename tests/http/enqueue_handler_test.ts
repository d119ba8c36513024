import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Webhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { countWorkflows, getResult, getStatus } from "../../mod.ts";
import {
  enqueueHandler,
  type EnqueueHandlerOptions,
  githubWebhooks,
  standardWebhooks,
  stripeWebhooks,
  type TimedWebhookOptions,
  type WebhookVerifier,
} from "../../src/http/mod.ts";
import { createEnvironment, soon } from "../support/example_service.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const nowSeconds = () => Math.floor(Date.now() / 1000);

/** Verifies a delivery with these headers and this body. */
async function verifyDelivery(
  verify: WebhookVerifier,
  headers: Record<string, string>,
  body: string,
): Promise<unknown> {
  return await verify({ headers: new Headers(headers), body: encode(body) });
}

/** A change of each header, and of the body, none of which a verifier may accept. */
async function checkForgeries(
  verify: WebhookVerifier,
  headers: Record<string, string>,
  body: string,
  unsigned: readonly string[] = [],
): Promise<void> {
  assert(await verifyDelivery(verify, headers, body));
  assertEquals(await verifyDelivery(verify, headers, `${body} `), null);
  for (const name of Object.keys(headers).filter((name) => !unsigned.includes(name))) {
    const { [name]: value, ...others } = headers;
    assertEquals(await verifyDelivery(verify, others, body), null, `without ${name}`);
    for (const wrong of ["", "x", `${value}0`, value!.replace(/\d/, "x"), value!.slice(0, -2)]) {
      const forged = { ...others, [name]: wrong };
      assertEquals(await verifyDelivery(verify, forged, body), null, `${name}: ${wrong}`);
    }
  }
}

Deno.test("standardWebhooks() verifies as the specification and its library sign", async (test) => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
  const body = '{"test": 2432232314}';

  function sign(timestampSeconds = nowSeconds(), signingSecret = secret): Record<string, string> {
    const signature = new Webhook(signingSecret).sign(id, new Date(timestampSeconds * 1000), body);
    return {
      "webhook-id": id,
      "webhook-timestamp": `${timestampSeconds}`,
      "webhook-signature": signature,
    };
  }

  // It is of 2021, so it needs all the tolerance.
  const vector = {
    "webhook-id": id,
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  };

  await test.step("the published test vector, with either form of the secret and the headers", async () => {
    const toleranceSeconds = nowSeconds();
    for (const given of [secret, secret.replace("whsec_", "")]) {
      const verify = standardWebhooks({ secret: given, toleranceSeconds });
      assertEquals(await verifyDelivery(verify, vector, body), { deliveryID: id });
      const svix = Object.entries(vector).map((
        [name, it],
      ) => [name.replace("webhook", "svix"), it]);
      assertEquals(await verifyDelivery(verify, Object.fromEntries(svix), body), {
        deliveryID: id,
      });
      await checkForgeries(verify, vector, body);
    }
    assertEquals(await verifyDelivery(standardWebhooks({ secret }), vector, body), null);
  });

  await test.step("what the library signs now, within the tolerance in both directions", async () => {
    const verify = standardWebhooks({ secret });
    for (const age of [0, 250, -250]) {
      assertEquals(await verifyDelivery(verify, sign(nowSeconds() - age), body), {
        deliveryID: id,
      });
    }
    for (const age of [400, -400]) {
      assertEquals(await verifyDelivery(verify, sign(nowSeconds() - age), body), null);
    }
    await checkForgeries(verify, sign(), body);
  });

  await test.step("while a secret is replaced by another, on either side", async () => {
    const next = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const both = standardWebhooks({ secret: [next, secret] });
    assert(await verifyDelivery(both, sign(), body));
    assert(await verifyDelivery(both, sign(nowSeconds(), next), body));
    const signed = sign();
    signed["webhook-signature"] = `v1a,AAAA v1,AAAA ${
      sign(nowSeconds(), next)["webhook-signature"]
    } ${signed["webhook-signature"]}`;
    assert(await verifyDelivery(standardWebhooks({ secret }), signed, body));
    assertEquals(
      await verifyDelivery(standardWebhooks({ secret: next }), sign(), body),
      null,
    );
  });

  await test.step("a flood of signatures costs little", async () => {
    const flooded = { ...sign(), "webhook-signature": "" };
    flooded["webhook-signature"] = `${"v1,AAAA ".repeat(10)}${sign()["webhook-signature"]}`;
    assertEquals(await verifyDelivery(standardWebhooks({ secret }), flooded, body), null);
  });

  await test.step("secrets that are none are refused, and not shown", () => {
    for (const wrong of ["whsec_", "whsec_?secret?", []]) {
      const error = assertThrows(() => standardWebhooks({ secret: wrong }), RangeError);
      assert(!error.message.includes("?secret?"), error.message);
    }
    assertThrows(() => standardWebhooks({} as TimedWebhookOptions), TypeError, "secret");
    assertThrows(() => githubWebhooks({ secret: [] }), RangeError, "no secret");
    assertThrows(() => stripeWebhooks({ secret: "a", toleranceSeconds: -1 }), RangeError);
  });
});

Deno.test("githubWebhooks() verifies as the documentation of GitHub signs", async () => {
  const secret = "It's a Secret to Everybody";
  const headers = {
    "x-hub-signature-256":
      "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
  };
  const verified = { deliveryID: headers["x-github-delivery"] };
  for (const given of [secret, ["another", secret]]) {
    const verify = githubWebhooks({ secret: given });
    assertEquals(await verifyDelivery(verify, headers, "Hello, World!"), verified);
    await checkForgeries(verify, headers, "Hello, World!", ["x-github-delivery"]);
  }
  const withoutID = { ...headers, "x-github-delivery": "" };
  assertEquals(
    await verifyDelivery(githubWebhooks({ secret }), withoutID, "Hello, World!"),
    { deliveryID: undefined },
  );
  const other = githubWebhooks({ secret: "another" });
  assertEquals(await verifyDelivery(other, headers, "Hello, World!"), null);
});

Deno.test("stripeWebhooks() verifies as the library of Stripe signs", async () => {
  const secret = "whsec_test_secret";
  const payload = JSON.stringify({ id: "evt_1NG8Du2eZvKYlo2CUI79vXWy", object: "event" });
  const sign = (timestamp: number, signingSecret = secret) =>
    Stripe.webhooks.generateTestHeaderStringAsync({ payload, secret: signingSecret, timestamp });
  const verify = stripeWebhooks({ secret });
  const verified = { deliveryID: "evt_1NG8Du2eZvKYlo2CUI79vXWy" };
  for (const header of [await sign(nowSeconds()), await sign(nowSeconds() - 250)]) {
    assertEquals(await verifyDelivery(verify, { "stripe-signature": header }, payload), verified);
  }
  for (
    const header of [
      await sign(nowSeconds() - 400),
      await sign(nowSeconds(), "another"),
      "t=,v1=",
      "v1",
    ]
  ) {
    assertEquals(await verifyDelivery(verify, { "stripe-signature": header }, payload), null);
  }
  await checkForgeries(verify, { "stripe-signature": await sign(nowSeconds()) }, payload);
  // While a secret is replaced, Stripe signs with both; other schemes do not count.
  const [timestamp, signature] = (await sign(nowSeconds())).split(",");
  const several = `${timestamp},v0=${"0".repeat(64)},v1=${"0".repeat(64)},${signature}`;
  assertEquals(await verifyDelivery(verify, { "stripe-signature": several }, payload), verified);
  const v0 = `${timestamp},${signature!.replace("v1=", "v0=")}`;
  assertEquals(await verifyDelivery(verify, { "stripe-signature": v0 }, payload), null);
  const both = stripeWebhooks({ secret: ["another", secret] });
  const header = await sign(nowSeconds());
  assertEquals(await verifyDelivery(both, { "stripe-signature": header }, payload), verified);
});

interface Issue {
  issue: { number: number };
}

/** A request as GitHub sends it, or with another body. */
function post(body: BodyInit, headers: HeadersInit = {}): Request {
  return new Request("http://localhost/webhook", { method: "POST", body, headers });
}

Deno.test("enqueueHandler() enqueues a workflow for each delivery", async (test) => {
  await using environment = await createEnvironment();
  const { client } = environment;
  const errors: unknown[] = [];
  const options: EnqueueHandlerOptions<Issue> = {
    verify: ({ headers }) => {
      const deliveryID = headers.get("x-delivery");
      return headers.get("x-password") === "s3cret"
        ? { deliveryID: deliveryID ?? undefined }
        : null;
    },
    toJob: ({ issue }) => ({
      workflowName: "processTask",
      queueName: "tasks",
      args: [{ id: issue.number }],
    }),
    onError: (error) => errors.push(error),
  };
  const call = async (request: Request, others: Partial<EnqueueHandlerOptions<Issue>> = {}) => {
    const response = await enqueueHandler(client, { ...options, ...others })(request);
    const text = await response.text();
    return { status: response.status, text, headers: response.headers };
  };
  const issue = JSON.stringify({ issue: { number: 7 } });
  const genuine = { "x-password": "s3cret", "x-delivery": "delivery/1" };
  const countAll = async () => (await countWorkflows(client))[0]?.count ?? 0;

  await test.step("under the ID of the delivery, once, however often that is repeated", async () => {
    const workflowIDPrefix = "github-";
    const deliveries = [1, 2, 3].map(() => call(post(issue, genuine), { workflowIDPrefix }));
    for (const { status, text, headers } of await Promise.all(deliveries)) {
      assertEquals([status, text], [202, '{"workflowID":"github-delivery/1"}']);
      assertEquals(headers.get("location"), "/workflows/github-delivery%2F1");
      assertEquals(headers.get("cache-control"), "no-store");
    }
    assertEquals(await getResult(client, "github-delivery/1", soon), "task 7 is done");
    assertEquals((await call(post(issue, genuine), { workflowIDPrefix })).status, 202);
    assertEquals(await countAll(), 1);
  });

  await test.step("under the ID of the job, or a new one if there is none", async () => {
    const job = { workflowName: "echo", queueName: "idle", workflowID: "own" };
    const own = await call(post("{}", genuine), {
      toJob: () => job,
      toLocation: (id) => `/x?${id}`,
    });
    assertEquals([own.status, own.headers.get("location")], [202, "/x?own"]);
    // An ID that is undefined is none.
    const toJob = () => ({ ...job, workflowID: undefined as unknown as string });
    const given = { ...genuine, "x-delivery": "given" };
    assertEquals((await call(post("{}", given), { toJob })).text, '{"workflowID":"given"}');
    const { "x-delivery": _, ...withoutID } = genuine;
    for (const headers of [withoutID, { ...withoutID, "x-delivery": "" }]) {
      const first = await call(post(issue, headers), { workflowIDPrefix: "github-" });
      const second = await call(post(issue, headers), { workflowIDPrefix: "github-" });
      assertEquals([first.status, second.status], [202, 202]);
      assert(first.text !== second.text);
    }
    assertEquals((await getStatus(client, "own"))?.input, []);
  });

  await test.step("but not if it is not genuine, or needs none", async () => {
    const before = await countAll();
    assertEquals((await call(post(issue))).status, 401);
    const nothing = await call(post(issue, genuine), { toJob: () => null });
    assertEquals([nothing.status, nothing.text], [204, ""]);
    const get = await call(new Request("http://localhost/", { headers: genuine }));
    assertEquals([get.status, get.headers.get("allow")], [405, "POST"]);
    assertEquals(await countAll(), before);
  });

  await test.step("but not if the ID belongs to another workflow", async () => {
    errors.length = 0;
    const job = { workflowName: "echo", queueName: "idle" };
    const workflowIDPrefix = "github-";
    const conflict = await call(post(issue, genuine), { toJob: () => job, workflowIDPrefix });
    assertEquals([conflict.status, conflict.text], [
      409,
      '{"error":"The ID is in use by another workflow"}',
    ]);
    const duplicate = (id: string) =>
      call(post(issue, { ...genuine, "x-delivery": id }), {
        toJob: () => ({ ...job, deduplicationID: "one" }),
      });
    assertEquals([(await duplicate("a")).status, (await duplicate("b")).status], [202, 409]);
    const names = errors.map((error) => (error as Error).name);
    assertEquals(names, ["ConflictingWorkflowError", "QueueDuplicatedError"]);
  });

  await test.step("but not if the body is too large, with and without its length", async () => {
    let isVerified = false;
    const verify = () => {
      isVerified = true;
      return {};
    };
    const limits = { maxBodyBytes: issue.length, verify };
    assertEquals((await call(post(`${issue} `), limits)).status, 413);
    assertEquals(isVerified, false);
    let pulls = 0;
    let isCancelled = false;
    const endless = new ReadableStream({
      pull(controller) {
        pulls++;
        controller.enqueue(encode(" ".repeat(10)));
      },
      cancel() {
        isCancelled = true;
      },
    });
    assertEquals((await call(post(endless), limits)).status, 413);
    assertEquals([isCancelled, isVerified], [true, false]);
    assert(pulls < 10);
    const declared = new ReadableStream({ pull: () => assert(false, "it must not be read") }, {
      highWaterMark: 0,
    });
    const large = await call(post(declared, { "content-length": "99999999" }), limits);
    assertEquals(large.status, 413);
    assertEquals((await call(post(issue), limits)).status, 202);
  });

  await test.step("in full, also if the body comes in many parts", async () => {
    const text = `${issue}${" ".repeat(5000)}`;
    let bufferBytes = -1;
    const parts = new ReadableStream({
      start(controller) {
        for (const byte of encode(text)) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const verify: WebhookVerifier = ({ body }) => {
      bufferBytes = body.buffer.byteLength;
      assertEquals(new TextDecoder().decode(body), text);
      return {};
    };
    assertEquals((await call(post(parts), { verify })).status, 202);
    assertEquals(bufferBytes, text.length);
  });

  await test.step("but not if the body takes too long", async () => {
    errors.length = 0;
    const before = await countAll();
    let isCancelled = false;
    const silent = new ReadableStream({
      cancel() {
        isCancelled = true;
      },
    });
    const late = { bodyTimeoutSeconds: 0.01 };
    const { status, text } = await call(post(silent, genuine), late);
    assertEquals([status, text], [408, '{"error":"The body may take 0.01 seconds"}']);
    assert(isCancelled);
    // Over a connection whose sender has announced more than it sends.
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      enqueueHandler(client, { ...options, ...late }),
    );
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
    await connection.write(
      encode("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n{"),
    );
    const answer = new Uint8Array(1000);
    const length = await connection.read(answer);
    assertMatch(new TextDecoder().decode(answer.subarray(0, length!)), /^HTTP\/1\.1 408 /);
    assertEquals(await countAll(), before);
    assertEquals(errors, []);
  });

  await test.step("but not if the body or the payload is wrong", async () => {
    errors.length = 0;
    for (const body of ["", "{", encode("\xff").slice(0, 1), "issue=7"]) {
      const { status, text } = await call(post(body, genuine));
      assertEquals([status, text], [422, '{"error":"The body is not JSON"}']);
    }
    assertEquals(errors, []);
    const wrong = await call(post('{"secret":7}', genuine));
    assertEquals([wrong.status, wrong.text], [422, '{"error":"The payload cannot be processed"}']);
    assertMatch(`${errors[0]}`, /TypeError/);
    const broken = new ReadableStream({ pull: () => Promise.reject(new Error("cut off")) });
    assertEquals((await call(post(broken, genuine))).status, 400);
  });

  await test.step("errors of the program are reported, and not shown", async () => {
    errors.length = 0;
    const fail = () => {
      throw new Error("secret");
    };
    const misspelled = (() => ({ workflowname: "echo", queueName: "tasks" })) as never;
    const failures: Partial<EnqueueHandlerOptions<Issue>>[] = [
      { verify: fail },
      { toLocation: fail },
      { toJob: misspelled },
      { toJob: (() => undefined) as never },
    ];
    for (const failure of failures) {
      const { status, text } = await call(post(issue, genuine), failure);
      assertEquals([status, text], [500, '{"error":"Internal error"}']);
    }
    assertEquals(errors.length, failures.length);
    const used = post(issue, genuine);
    await used.text();
    assertEquals((await call(used)).status, 500);
    assertMatch(`${errors.at(-1)}`, /Cannot read the body of the request: it was read before/);
  });

  await test.step("with a real delivery of each scheme", async () => {
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const event = JSON.stringify({ id: "evt_1", issue: { number: 8 } });
    const timestamp = nowSeconds();
    const signature = new Webhook(secret).sign("msg_1", new Date(timestamp * 1000), event);
    const stripe = await Stripe.webhooks.generateTestHeaderStringAsync({
      payload: event,
      secret,
      timestamp,
    });
    const deliveries: [string, WebhookVerifier, Record<string, string>][] = [
      ["msg_1", standardWebhooks({ secret }), {
        "webhook-id": "msg_1",
        "webhook-timestamp": `${timestamp}`,
        "webhook-signature": signature,
      }],
      ["evt_1", stripeWebhooks({ secret }), { "stripe-signature": stripe }],
    ];
    for (const [deliveryID, verify, headers] of deliveries) {
      const { text } = await call(post(event, headers), { verify });
      assertEquals(JSON.parse(text), { workflowID: deliveryID });
      assertEquals(await getResult(client, deliveryID, soon), "task 8 is done");
    }
    const verify = githubWebhooks({ secret: "It's a Secret to Everybody" });
    const vector = await call(
      post("Hello, World!", {
        "x-hub-signature-256":
          "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
      }),
      { verify },
    );
    // It is genuine, but not JSON.
    assertEquals(vector.status, 422);
  });
});
