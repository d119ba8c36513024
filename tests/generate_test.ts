import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";

const generator = new URL("../scripts/generate_sql.ts", import.meta.url);

interface Outcome {
  code: number;
  stderr: string;
}

async function runGenerator(...args: string[]): Promise<Outcome> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", "--no-lock", fileURLToPath(generator), ...args],
    stdout: "null",
    stderr: "piped",
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

/** Runs `body` with a folder that has the given files in its subfolder `jobs`. */
async function withFolder(
  files: Record<string, string>,
  body: (sqlFolder: string) => Promise<void>,
): Promise<void> {
  const sqlFolder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${sqlFolder}/jobs`);
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${sqlFolder}/jobs/${name}`, text);
    }
    await body(sqlFolder);
  } finally {
    await Deno.remove(sqlFolder, { recursive: true });
  }
}

const countJobs = `-- count_jobs(min? int, queue_name text) one
-- row: is_full boolean?, queue_name text, total text
-- needs queues for registered queues
--
-- A comment.
select
  -- if :min
  coalesce(
    attributes is not null, -- if workflow_status.attributes
    false
  ) as is_full,
  -- end
  :queue_name::text as queue_name,
  count(*)::text as total -- a remark
from :schema.workflow_status
-- a remark
where queue_name in (:queue_name::text, '\`\\')
-- if not workflow_input
having true
  and count(*) >= :min::int
-- end
`;

Deno.test("the generated files of sql/ are up to date", async () => {
  assertEquals(await runGenerator("--check"), { code: 0, stderr: "" });
});

Deno.test("the generator keeps types and conditions, and drops comments and indentation", async () => {
  await withFolder({ "count_jobs.sql": countJobs, "mod.ts": "" }, async (sqlFolder) => {
    const stale = await runGenerator("--check", sqlFolder);
    assertEquals(stale.code, 1);
    assertStringIncludes(stale.stderr, "sql/jobs/mod.ts is stale");
    assertEquals(await Deno.readTextFile(`${sqlFolder}/jobs/mod.ts`), "");

    assertEquals(await runGenerator(sqlFolder), { code: 0, stderr: "" });
    assertEquals((await runGenerator("--check", sqlFolder)).code, 0);
    const code = await Deno.readTextFile(`${sqlFolder}/jobs/mod.ts`);
    assertStringIncludes(
      code,
      `export const countJobs: Statement<{
  min?: number | undefined;
  queue_name: string;
}, {
  is_full: boolean | null;
  queue_name: string;
  total: string;
}> = {
  name: "count_jobs",
  needs: { columns: ["queues"], feature: "registered queues" },
  columns: "is_full boolean if :min, queue_name text, total text",
  hash: "Gpfp7vihdsYo32nJ",
  sql: \`
select
-- if :min
coalesce(
attributes is not null, -- if workflow_status.attributes
false
) as is_full,
-- end
:queue_name::text as queue_name,
count(*)::text as total
from :schema.workflow_status
where queue_name in (:queue_name::text, '\\\`\\\\')
-- if not workflow_input
having true
and count(*) >= :min::int
-- end\`,
};`,
    );
  });
});

const header = "-- bad(a text) many\n";

Deno.test("the generator rejects files that do not follow the notation", async () => {
  for (
    const [text, message] of [
      ["-- other_name() many", "it must begin with"],
      ["-- bad()", "it must begin with"],
      ["-- bad(id text) several", "it must begin with"],
      ["select 1", "it must begin with"],
      ["-- bad(id uuid) many", 'invalid column "id uuid" in its header'],
      ["-- bad(id) many", 'invalid column "id" in its header'],
      ["-- bad(id bigint) many", 'invalid column "id bigint" in its header'],
      ["-- bad() many\n-- row: id uuid", 'invalid column "id uuid" in its header'],
      ["-- bad() many\n-- needs queues", 'its needs must be "-- needs column, column for feature"'],
      [`${header}select :b::text`, "its header must have the parameters that it uses"],
      [`${header}select 1`, "its header must have the parameters that it uses"],
      [`${header}select :a::text\n-- if a b\n-- end`, 'invalid condition "a b"'],
      [`${header}select :a::text -- if a, b`, 'invalid condition "a, b"'],
      [`${header}select :a::text\n-- if queues`, "an if has no end"],
      [`${header}select :a::text\n-- end`, "an end has no if"],
      ["-- bad() many\n-- row: id? int\nselect id", "id of its row cannot be optional"],
      ["-- bad() many\n-- row: id int\nselect id::int + 1", 'no name for the column "id::int + 1"'],
      [
        "-- bad() many\n-- row: a text, b text\nselect\n  b,\n  a\nfrom c",
        "it selects b, a, and its row is a, b",
      ],
      [
        "-- bad() many\n-- row: a text, b text\nselect\n  a, -- if queues\n  b\nfrom c",
        "a has a condition, so its type must be text?",
      ],
      [
        "-- bad(b? int) many\n-- row: b text\nselect\n  a as b, -- if not :b\n  :b::text as b\nfrom c",
        "it selects b, b, and its row is b",
      ],
    ] as const
  ) {
    await withFolder({ "bad.sql": `${text}\nselect 1\n` }, async (sqlFolder) => {
      const { code, stderr } = await runGenerator(sqlFolder);
      assert(code !== 0);
      assertStringIncludes(stderr, `Cannot generate bad.sql: ${message}`);
    });
  }
});
