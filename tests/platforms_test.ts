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
import {
  findMissingTool,
  installPackages,
  node,
  pack,
  root,
  run,
  versionOf,
} from "./support/packed.ts";
import { testFlags, writeExample } from "./support/run_example.ts";
import { type Service, startService } from "./support/service.ts";
import { startSqlServer } from "./support/sql_server.ts";
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
  const response = await post(service.url, path, '{ "number": 8 }');
  assertEquals(response.status, 202);
  const { workflowID } = await response.json();
  const result = await getResult(client, workflowID, soon);
  assertEquals(result, { task: { number: 8 }, approved: false });
}

Deno.test("every platform of the guide has code that runs here", () => {
  const platforms = programs.map(({ heading }) => heading);
  const expected = ["Deno Deploy", "Supabase Edge Functions", "Cloudflare Workers", "Next.js"];
  assertEquals(platforms, [...expected, "Vercel"]);
});

/** Starts a function in Deno, which may connect to the database and listen, and read its variable. */
async function startDeno(file: string, variable: string, databaseUrl: string): Promise<Service> {
  const net = `--allow-net=${new URL(databaseUrl).host},127.0.0.1:0`;
  const flags = ["--no-prompt", "--no-check", net, `--allow-env=${variable},PG*`];
  return await startService(Deno.execPath(), ["run", ...flags, ...testFlags, file], {
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

/** Runs concurrent requests in a Worker, each with a client of its own, some of which are abandoned. */
async function checkConcurrentRequests({ url }: Service, { client }: Environment): Promise<void> {
  const abandoned = new AbortController();
  // No workflow has this name, so these wait until their callers leave.
  const waiting = ["pg", "postgres", "connect"].map((driver) =>
    fetch(new URL(`/?driver=${driver}&workflowName=unknown`, url), { signal: abandoned.signal })
  );
  while ((await listWorkflows(client, { workflowName: "unknown" })).length < waiting.length);
  const answered = ["pg", "postgres", "connect", "pg", "postgres", "connect"].map((driver) =>
    fetch(new URL(`/?driver=${driver}`, url)).then((response) => response.json())
  );
  abandoned.abort();
  await Promise.allSettled(waiting);
  for (const answer of await Promise.all(answered)) {
    assertEquals(answer, { progress: 50, result: { task: 7, approved: false } });
  }
}

const nextPackages = ["next@16.4.6", "react@19.3.1", "react-dom@19.3.1", "@types/react@19.2.17"];
const tools = ["typescript@7.0.2", "@types/node@26.6.6", "@types/pg@8.23.1"];

/** Builds a project of Next.js in the folder, which also checks its types, and starts it. */
async function startNext(folder: string, databaseUrl: string): Promise<Service> {
  const env = { NEXT_TELEMETRY_DISABLED: "1", DBOS_SYSTEM_DATABASE_URL: databaseUrl };
  const next = "node_modules/next/dist/bin/next";
  const build = new Deno.Command(node, { args: [next, "build"], cwd: folder, env });
  const { success, stdout, stderr } = await build.output();
  const decoder = new TextDecoder();
  assert(success, decoder.decode(stdout) + decoder.decode(stderr));
  const args = [next, "start", "--hostname=127.0.0.1", "--port=0"];
  const find = (printed: string) => /Local: +(http:\S+)/.exec(printed)?.[1];
  return await startService(node, args, { cwd: folder, env }, find);
}

const vercelPaths: Paths = { all: "/api/tasks", one: (id) => `/api/tasks?id=${id}` };

const missingTool = findMissingTool();
Deno.test({
  name: `functions on Cloudflare, Vercel and Next.js${
    missingTool ? ` (skipped: ${missingTool})` : ""
  }`,
  ignore: missingTool !== undefined,
  async fn(test) {
    const folder = await Deno.makeTempDir();
    try {
      await pack(folder);
      await installPackages(
        folder,
        `${folder}/package.tgz`,
        ...["pg", "postgres"].map((name) => `${name}@${versionOf(name)}`),
        ...new Set([...workerdPackages, ...edgeRuntimePackages, ...nextPackages, ...tools]),
      );
      await using environment = await createEnvironment();
      const { url, client } = environment;
      const copyExample = (name: string, to = name) =>
        Deno.copyFile(`${root}examples/${name}`, `${folder}/${to}`);
      const writeCode = (platform: string, file: string) =>
        Deno.writeTextFile(`${folder}/${file}`, programFor(platform).code);

      await test.step("examples/cloudflare_worker.ts", async () => {
        await copyExample("cloudflare_worker.ts");
        await using service = await startWorkerd(folder, "cloudflare_worker.ts", url);
        await checkTasks(service.url, client);
        await checkRefusals(service.url, client);
      });
      await test.step("the code of the guide for Cloudflare enqueues a workflow", async () => {
        await writeCode("Cloudflare Workers", "cloudflare_guide.ts");
        await using service = await startWorkerd(folder, "cloudflare_guide.ts", url);
        await checkEnqueues(service, environment);
      });
      await test.step("concurrent requests of a Worker wait with clients of their own", async () => {
        await Deno.copyFile(
          `${root}tests/programs/concurrent_worker.ts`,
          `${folder}/concurrent.ts`,
        );
        await using service = await startWorkerd(folder, "concurrent.ts", url);
        await checkConcurrentRequests(service, environment);
      });

      await using sqlServer = startSqlServer(url);
      await test.step("examples/vercel_edge.ts", async () => {
        await copyExample("vercel_edge.ts");
        await using service = await startEdgeFunction(folder, "vercel_edge.ts", sqlServer.url);
        await checkTasks(service.url, client, vercelPaths);
        await checkRefusals(service.url, client, vercelPaths);
      });
      await test.step("the code of the guide for Vercel enqueues a workflow", async () => {
        await writeCode("Vercel", "vercel_guide.ts");
        await using service = await startEdgeFunction(folder, "vercel_guide.ts", sqlServer.url);
        await checkEnqueues(service, environment);
      });

      await test.step("the functions for Vercel type check", async () => {
        const flags = "--noEmit --strict --target es2022 --module nodenext --lib esnext,dom".split(
          " ",
        );
        const files = ["vercel_edge.ts", "vercel_guide.ts"];
        await run(folder, "node_modules/.bin/tsc", ...flags, "--types", "node", ...files);
      });

      await test.step("examples/next_route.ts and the code of the guide for Next.js", async () => {
        const project = `${folder}/next`;
        await Deno.mkdir(`${project}/app/tasks/[[...id]]`, { recursive: true });
        await Deno.mkdir(`${project}/app/enqueue`);
        await Deno.symlink(`${folder}/node_modules`, `${project}/node_modules`);
        await copyExample("next_route.ts", "next/app/tasks/[[...id]]/route.ts");
        await writeCode("Next.js", "next/app/enqueue/route.ts");
        await Deno.writeTextFile(
          `${project}/tsconfig.json`,
          '{ "compilerOptions": { "strict": true, "skipLibCheck": true } }',
        );
        await using service = await startNext(project, url);
        await checkTasks(service.url, client);
        await checkRefusals(service.url, client);
        await checkEnqueues(service, environment, "/enqueue");
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
