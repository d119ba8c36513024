/** Runs the scripts of sql/ that are for psql. */
import pg from "pg";

/** The path of a script, such as `roles/enqueue`. */
export function scriptPath(script: string): URL {
  return new URL(`../../sql/${script}.sql`, import.meta.url);
}

/** What runs the statements of a text, as npm:pg does, which returns an array for several. */
interface ScriptConnection {
  query(query: { text: string; rowMode: "array" }): Promise<Result | Result[]>;
}

interface Result {
  rows: unknown[];
}

/** Does what psql does with a script, and with the scripts that it includes. */
export async function applyScript(
  connection: ScriptConnection,
  script: string,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const substitute = (text: string) =>
    text.replace(/:(['"])([a-z]+)\1/g, (_, quote: string, name: string) => {
      const value = variables[name]!;
      return quote === "'" ? pg.escapeLiteral(value) : pg.escapeIdentifier(value);
    });
  const run = async (text: string) => {
    const results = [await connection.query({ text, rowMode: "array" })].flat();
    return results.at(-1)!.rows as string[][];
  };
  let text = "";
  for (const line of (await Deno.readTextFile(scriptPath(script))).split("\n")) {
    const [, included] = /^\\ir (.*)\.sql$/.exec(line) ?? [];
    if (included) {
      await applyScript(connection, script.replace(/[a-z_]+$/, included), variables);
    } else if (line === "\\gexec") {
      for (const [statement] of await run(substitute(text))) await run(statement!);
      text = "";
    } else if (!line.startsWith("\\")) text += `${line}\n`;
  }
  if (text.trim()) await run(substitute(text));
}
