/**
 * Passes lists of texts to statements: joined by a separator that is in none of them, which the
 * statement splits again with `string_to_array()`. Unlike JSON, that is a constant to the planner: it
 * knows how many rows match, and which partial indexes serve. Unlike an array, every driver binds it.
 */

function findSeparator(lists: readonly (readonly string[] | undefined)[]): string {
  for (let code = 1;; code++) {
    const separator = String.fromCharCode(code);
    if (!lists.some((list) => list?.some((text) => text.includes(separator)))) return separator;
  }
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
  const separator = findSeparator(Object.values(lists));
  const joined = Object.entries(lists).map(([name, list]) => [name, list?.join(separator)]);
  return { separator, ...Object.fromEntries(joined) };
}
