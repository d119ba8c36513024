/** Runs the examples for platforms and the code of docs/platforms.md, each on its platform. */
import { assert, assertEquals } from "@std/assert";
import { getResult, listWorkflows } from "../mod.ts";
import { edgeRuntimePackages, startEdgeFunction } from "./support/edge_runtime.ts";
import {
  checkRefusals,
  checkTasks,
  createEnvironment,
  type Environment,
  type Paths,
  post,
  soon,
} from "./support/example_service.ts";
import { type Example, readDocument } from "./support/examples.ts";
import { startNeonProxy } from "./support/neon_proxy.ts";
import { nextPackages, startNext } from "./support/next.ts";
import { findMissingTool, installPackages, pack, root, run, versionOf } from "./support/packed.ts";
import { testFlags, writeExample } from "./support/run_example.ts";
import { type Service, startService } from "./support/service.ts";
import { until } from "./support/until.ts";
import { startWorkerd, workerdPackages } from "./support/workerd.ts";

const { programs } = readDocument("docs/platforms.md");

/** The code of the guide for a platform. */
function programFor(platform: string): Example {
  const program = programs.find(({ heading }) => heading === platform);
  assert(program, `the guide has no code for ${platform}`);
  return program;
}

/** Posts a task to the code of the guide, which enqueues a workflow for it. */
async function checkEnqueues(service: Service, { client }: Environment, path = "/"): Promise<void> {
  const response = await post(service.url, path, '{ "id": 8 }');
  assertEquals(response.status, 202);
  const { workflowID } = await response.json();
  const result = await getResult(client, workflowID, soon);
  assertEquals(result, "task 8 is done");
}

Deno.test("every platform of the guide has code that runs here", () => {
  const platforms = programs.map(({ heading }) => heading);
  const expected = ["Deno Deploy", "Supabase Edge Functions", "Cloudflare Workers", "Next.js"];
  assertEquals(platforms, [...expected, "Vercel"]);
});

/** Starts a function in Deno, which may connect to the database and listen, and read its variable. */
async function startDeno(file: string, variable: string, databaseUrl: string): Promise<Service> {
  const net = `--allow-net=${new URL(databaseUrl).host},127.0.0.1:0`;
  const check = testFlags.includes("--no-check") ? [] : ["--check"];
  const flags = ["--no-prompt", ...check, net, `--allow-env=${variable},PG*`, ...testFlags];
  return await startService(Deno.execPath(), ["run", ...flags, file], {
    cwd: root,
    env: { [variable]: databaseUrl, DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0" },
  });
}

Deno.test("functions on Deno Deploy and Supabase", async (test) => {
  await using environment = await createEnvironment();
  const { url, client } = environment;
  const folder = await Deno.makeTempDir();
  try {
    await test.step("the code of the guide for Deno Deploy enqueues a workflow", async () => {
      const file = await writeExample(folder, programFor("Deno Deploy"));
      await using service = await startDeno(file, "DBOS_SYSTEM_DATABASE_URL", url);
      await checkEnqueues(service, environment);
    });
    await test.step("the code of the guide for Supabase enqueues a workflow", async () => {
      const file = await writeExample(folder, programFor("Supabase Edge Functions"));
      await using service = await startDeno(file, "SUPABASE_DB_URL", url);
      await checkEnqueues(service, environment);
    });
    await test.step("examples/supabase_function.ts", async () => {
      await using service = await startDeno(
        "examples/supabase_function.ts",
        "SUPABASE_DB_URL",
        url,
      );
      await checkTasks(service.url, client);
      await checkRefusals(service.url, client);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** A folder with the package and what runs the platforms, from npm. */
async function installPlatforms(folder: string): Promise<void> {
  await pack(folder);
  await installPackages(
    folder,
    `${folder}/package.tgz`,
    ...["pg", "postgres"].map((name) => `${name}@${versionOf(name)}`),
    ...new Set([...workerdPackages, ...edgeRuntimePackages, ...nextPackages]),
    "@types/pg@8.23.1",
  );
}

/** Checks the types of files in the folder. */
async function typeCheck(folder: string, ...files: string[]): Promise<void> {
  const flags = "--noEmit --strict --target es2022 --module nodenext --lib esnext,dom --types node";
  await run(folder, "node_modules/.bin/tsc", ...flags.split(" "), ...files);
}

const connections = ["pg", "postgres", "connect"];

/** Runs concurrent requests, each with a client of its own, some of which are abandoned. */
async function checkConcurrentRequests({ url }: Service, { client }: Environment): Promise<void> {
  const abandoned = new AbortController();
  // No workflow has this name, so these wait until their callers leave.
  const waiting = connections.map((name) =>
    fetch(new URL(`/?connection=${name}&workflowName=unknown`, url), { signal: abandoned.signal })
  );
  await until(async () =>
    (await listWorkflows(client, { workflowName: "unknown" })).length >= waiting.length
  );
  const answered = [...connections, ...connections].map(async (name) => {
    const response = await fetch(new URL(`/?connection=${name}`, url));
    const text = await response.text();
    assert(response.ok, text);
    return JSON.parse(text);
  });
  abandoned.abort();
  await Promise.allSettled(waiting);
  for (const answer of await Promise.all(answered)) {
    assertEquals(answer, { progress: 50, result: "task 7 is done" });
  }
}

async function checkCloudflare(
  test: Deno.TestContext,
  folder: string,
  environment: Environment,
): Promise<void> {
  const { url, client } = environment;
  const [example, guide, concurrent] = ["example.ts", "guide.ts", "concurrent.ts"] as const;
  await Deno.copyFile(`${root}examples/cloudflare_worker.ts`, `${folder}/${example}`);
  await Deno.writeTextFile(`${folder}/${guide}`, programFor("Cloudflare Workers").code);
  await Deno.copyFile(`${root}tests/programs/concurrent_worker.ts`, `${folder}/${concurrent}`);

  await test.step("examples/cloudflare_worker.ts", async () => {
    await using service = await startWorkerd(folder, example, url);
    await checkTasks(service.url, client);
    await checkRefusals(service.url, client);
  });
  await test.step("the code of the guide for Cloudflare enqueues a workflow", async () => {
    await using service = await startWorkerd(folder, guide, url);
    await checkEnqueues(service, environment);
  });
  await test.step("concurrent requests of a Worker wait with clients of their own", async () => {
    await using service = await startWorkerd(folder, concurrent, url);
    await checkConcurrentRequests(service, environment);
  });
  await test.step("Workers type check", () => typeCheck(folder, example, guide, concurrent));
}

const vercelPaths: Paths = { all: "/api/tasks", one: (id) => `/api/tasks?id=${id}` };

async function checkVercel(
  test: Deno.TestContext,
  folder: string,
  environment: Environment,
): Promise<void> {
  const { url, client } = environment;
  const [example, guide] = ["example.ts", "guide.ts"] as const;
  await Deno.copyFile(`${root}examples/vercel_edge.ts`, `${folder}/${example}`);
  await Deno.writeTextFile(`${folder}/${guide}`, programFor("Vercel").code);
  await using proxy = await startNeonProxy(url);

  await test.step("examples/vercel_edge.ts", async () => {
    await using service = await startEdgeFunction(folder, example, proxy.url);
    await checkTasks(service.url, client, vercelPaths);
    await checkRefusals(service.url, client, vercelPaths);
  });
  await test.step("the code of the guide for Vercel enqueues a workflow", async () => {
    await using service = await startEdgeFunction(folder, guide, proxy.url);
    await checkEnqueues(service, environment);
  });
  await test.step("functions for Vercel type check", () => typeCheck(folder, example, guide));
}

async function checkNext(folder: string, environment: Environment): Promise<void> {
  const { url, client } = environment;
  await Deno.mkdir(`${folder}/app/tasks/[[...id]]`, { recursive: true });
  await Deno.mkdir(`${folder}/app/enqueue`);
  await Deno.copyFile(`${root}examples/next_route.ts`, `${folder}/app/tasks/[[...id]]/route.ts`);
  await Deno.writeTextFile(`${folder}/app/enqueue/route.ts`, programFor("Next.js").code);
  await using service = await startNext(folder, url);
  await checkTasks(service.url, client);
  await checkRefusals(service.url, client);
  await checkEnqueues(service, environment, "/enqueue");
}

const missingTool = findMissingTool();
Deno.test({
  name: `functions on Cloudflare, Vercel and Next.js${
    missingTool ? ` (skipped: ${missingTool})` : ""
  }`,
  ignore: missingTool !== undefined,
  async fn(test) {
    const folder = await Deno.makeTempDir();
    try {
      await installPlatforms(folder);
      const [cloudflare, vercel, next] = ["cloudflare", "vercel", "next"].map((name) =>
        `${folder}/${name}`
      ) as [string, string, string];
      for (const project of [cloudflare, vercel, next]) {
        await Deno.mkdir(project);
        await Deno.symlink(`${folder}/node_modules`, `${project}/node_modules`);
        await Deno.copyFile(`${folder}/package.json`, `${project}/package.json`);
      }
      await using environment = await createEnvironment();
      await checkCloudflare(test, cloudflare, environment);
      await checkVercel(test, vercel, environment);
      await test.step("examples/next_route.ts and the code of the guide for Next.js", () =>
        checkNext(next, environment));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
