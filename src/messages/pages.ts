/** Reads any number of values, in answers of bounded size. */

// An answer may exceed `max_bytes` by one value.
const pageSize = { max_rows: 1000, max_bytes: 1_000_000 };

/**
 * Reads all rows, in as many pages as they need. `readPage` reads those that follow a row, of which there
 * is none at first.
 */
export async function readPages<Row extends { readonly is_cut: boolean }>(
  readPage: (size: typeof pageSize, last: Row | undefined) => Promise<Row[]>,
): Promise<Row[]> {
  const rows: Row[] = [];
  let page: Row[];
  do {
    page = await readPage(pageSize, rows.at(-1));
    rows.push(...page);
    // A page that is cut may be the last, and the one after it empty.
  } while (page.at(-1)?.is_cut);
  return rows;
}
