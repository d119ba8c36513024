/** Asks libpq, by way of psql, what a URL means. */

function findVersion(): number | undefined {
  try {
    const { stdout } = new Deno.Command("psql", { args: ["--version"] }).outputSync();
    return Number(/ (\d+)/.exec(new TextDecoder().decode(stdout))?.[1]);
  } catch {
    return undefined;
  }
}

/** The major version of psql; undefined if it is not installed. */
export const psqlVersion: number | undefined = findVersion();

/** Runs a statement in a session that psql opens; undefined if it cannot. */
export async function runInPsql(url: string, statement: string): Promise<string | undefined> {
  const { success, stdout } = await new Deno.Command("psql", {
    args: ["--no-psqlrc", "--no-password", "-At", "--field-separator= ", url, "-c", statement],
    // Files of the home folder would have a say as well.
    env: { PATH: Deno.env.get("PATH") ?? "", HOME: "/nonexistent", PGCONNECT_TIMEOUT: "5" },
    clearEnv: true,
  }).output();
  return success ? new TextDecoder().decode(stdout).trim() : undefined;
}
