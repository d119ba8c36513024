import type { Statement } from "../../sql/statement.ts";

const sqlFolder = new URL("../../sql/", import.meta.url);

/** The folders of sql/, each with the statements of one theme. */
export const statementFolders: readonly URL[] = [...Deno.readDirSync(sqlFolder)]
  .filter(({ name, isDirectory }) => isDirectory && name !== "roles" && name !== "extras")
  .map(({ name }) => new URL(`${name}/`, sqlFolder));

/** Loads all statements of sql/. */
export async function loadStatements(): Promise<Statement<object, unknown>[]> {
  const themes = await Promise.all(
    statementFolders.map((folder) => import(new URL("mod.ts", folder).href)),
  );
  return themes.flatMap((theme) => Object.values(theme) as Statement<object, unknown>[]);
}
