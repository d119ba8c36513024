/**
 * Passes lists of texts to statements: joined by a separator that is in none of them, which the
 * statement splits again with `string_to_array()`. Unlike JSON, that is a constant to the planner: it
 * knows how many rows match, and which partial indexes serve. Unlike an array, every driver binds it.
 */

function findSeparator(texts: readonly string[]): string {
  let code = 1;
  while (texts.some((text) => text.includes(String.fromCharCode(code)))) code++;
  return String.fromCharCode(code);
}

/** Lists by the names of their parameters; one that is undefined is not given. */
type TextLists = Readonly<Record<string, readonly string[] | undefined>>;

type JoinedLists<Lists> =
  & { separator: string }
  & {
    [Name in keyof Lists]: undefined extends Lists[Name] ? string | undefined : string;
  };

/** The lists as parameters of a statement, with their `separator`. */
export function joinLists<Lists extends TextLists>(lists: Lists): JoinedLists<Lists> {
  const separator = findSeparator(Object.values(lists).flatMap((list) => list ?? []));
  const joined = Object.entries(lists).map(([name, list]) => [name, list?.join(separator)]);
  return { separator, ...Object.fromEntries(joined) };
}
