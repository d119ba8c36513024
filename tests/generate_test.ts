import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";

const generator = new URL("../sql/generate.ts", import.meta.url);

interface Outcome {
  code: number;
  stderr: string;
}

async function runGenerator(script: URL | string, ...args: string[]): Promise<Outcome> {
  const path = script instanceof URL ? fileURLToPath(script) : script;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", "--no-lock", path, ...args],
    stdout: "null",
    stderr: "piped",
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

/** Runs `body` with a folder of the given files, beside the generator, and with the path of that. */
async function withFolder(
  files: Record<string, string>,
  body: (folder: string, script: string) => Promise<void>,
): Promise<void> {
  const sqlFolder = await Deno.makeTempDir();
  const folder = `${sqlFolder}/jobs`;
  try {
    await Deno.copyFile(generator, `${sqlFolder}/generate.ts`);
    await Deno.mkdir(folder);
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    await body(folder, `${sqlFolder}/generate.ts`);
  } finally {
    await Deno.remove(sqlFolder, { recursive: true });
  }
}

const countJobs = `-- count_jobs(queue_name text, least int) one
-- row: total text,
-- row: is_full boolean?
--
-- A comment: of no concern.
select
  count(*)::text as total, -- a remark
  true as is_full -- workflow_status.attributes
from :schema.workflow_status -- not workflow_input
where true
  and queue_name in ( :queue_name::text, ' ), ( ' )
having true -- :least
  and count(*) >= :least::int -- :least
`;

Deno.test("sql/ has what the generator makes of its files", async () => {
  assertEquals(await runGenerator(generator, "--check"), { code: 0, stderr: "" });
});

Deno.test("the generator writes typed statements, with the conditions of lines but no comments", async () => {
  await withFolder({ "count_jobs.sql": countJobs, "mod.ts": "" }, async (folder, script) => {
    const stale = await runGenerator(script, "--check");
    assertEquals(stale.code, 1);
    assertStringIncludes(stale.stderr, "sql/jobs/mod.ts is stale");
    assertEquals(await Deno.readTextFile(`${folder}/mod.ts`), "");

    assertEquals(await runGenerator(script), { code: 0, stderr: "" });
    assertEquals((await runGenerator(script, "--check")).code, 0);
    const code = await Deno.readTextFile(`${folder}/mod.ts`);
    assertStringIncludes(
      code,
      `export const countJobs: Statement<{
  queue_name: string;
  least?: number | undefined;
}, {
  total: string;
  is_full: boolean | null;
}> = {
  name: "count_jobs",
  conditions: ["workflow_status.attributes", "workflow_input", ":least"],
  lines: [
    "select count(*)::text as total,",
    ["true as is_full", 1],
    ["from :schema.workflow_status", -2],
    "where true and queue_name in (:queue_name::text,' ), ( ')",
    ["having true and count(*) >= :least::int", 3],
  ],
};`,
    );
  });
});

Deno.test("the generator refuses a file whose header it cannot read", async () => {
  for (
    const [header, message] of [
      ["-- other_name() many", "Cannot read bad.sql: it must begin with"],
      ["-- bad()", "Cannot read bad.sql: it must begin with"],
      ["-- bad(id text) several", "Cannot read bad.sql: it must begin with"],
      ["select 1", "Cannot read bad.sql: it must begin with"],
      ["-- bad(id uuid) many", 'Cannot read "id uuid" in the header of bad.sql'],
      ["-- bad(id) many", 'Cannot read "id" in the header of bad.sql'],
      ["-- bad() many\n-- row: id bigint", 'Cannot read "id bigint" in the header of bad.sql'],
    ] as const
  ) {
    await withFolder({ "bad.sql": `${header}\nselect 1\n` }, async (_folder, script) => {
      const { code, stderr } = await runGenerator(script);
      assert(code !== 0);
      assertStringIncludes(stderr, message);
    });
  }
});
