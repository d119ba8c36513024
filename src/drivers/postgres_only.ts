/** Refuses an ORM that is connected to another kind of database. */
export function checkPostgres(what: string, dialect: unknown, isPostgres: boolean): void {
  if (isPostgres) return;
  throw new TypeError(
    `Cannot use ${what} for ${
      String(dialect)
    } as a client: DBOS has its tables in Postgres. Pass one ` +
      "that is connected to them",
  );
}
