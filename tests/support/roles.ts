/** Roles of the test server, and the scripts of sql/roles/. */
import pg from "pg";
import { applyScript } from "./scripts.ts";

/** The scripts of sql/roles/, by the names of their files. */
export const roleScripts = ["enqueue", "enqueue_and_wait", "send", "observe", "manage"] as const;

export type RoleScript = typeof roleScripts[number];

/**
 * Creates a role without privileges. It is dropped on disposal, so the databases that grant it
 * something must be gone by then.
 */
export async function createRole(
  serverUrl: string = Deno.env.get("DBOS_TEST_DATABASE_URL")!,
): Promise<AsyncDisposable & { name: string }> {
  const name = `role_${crypto.randomUUID().replaceAll("-", "")}`;
  async function execute(statement: string): Promise<void> {
    const connection = new pg.Client({ connectionString: serverUrl });
    await connection.connect();
    await connection.query(statement).finally(() => connection.end());
  }
  await execute(`create role ${name} login`);
  return { name, [Symbol.asyncDispose]: () => execute(`drop role ${name}`) };
}

/** A pool whose connections have the privileges of a role only. */
export function openPoolAs(role: string, url: string): pg.Pool & AsyncDisposable {
  const pool = new pg.Pool({ connectionString: url, options: `-c role=${role}`, max: 2 });
  pool.on("error", () => {});
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.end() });
}

/** Does what psql does with a script of sql/roles/. */
export async function applyRoleScript(
  connection: pg.Client | pg.Pool,
  script: string,
  role: string,
  schema = "dbos",
): Promise<void> {
  await applyScript(connection, `roles/${script}`, { schema, role });
}
