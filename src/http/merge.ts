/** Merges what several sources yield. */

/**
 * Yields the values of all sources, each as soon as it is there, until all have ended. A source
 * continues only when its last value was taken, so nothing piles up behind a slow reader.
 */
export async function* merge<Value>(
  sources: readonly AsyncGenerator<Value, void, void>[],
): AsyncGenerator<Value, void, void> {
  interface Step {
    readonly source: AsyncGenerator<Value, void, void>;
    readonly result?: IteratorResult<Value, void>;
    readonly error?: unknown;
  }
  const steps: Step[] = [];
  let wake = () => {};

  function add(step: Step): void {
    steps.push(step);
    wake();
  }

  function advance(source: AsyncGenerator<Value, void, void>): void {
    source.next().then((result) => add({ source, result }), (error) => add({ source, error }));
  }

  let open = sources.length;
  sources.forEach(advance);
  try {
    while (open > 0) {
      const step = steps.shift();
      if (!step) {
        // Not a race of all sources: that would add a callback to each of them for every value.
        await new Promise<void>((resolve) => wake = resolve);
        continue;
      }
      const { source, result, error } = step;
      if (!result) throw error;
      if (result.done) {
        open--;
        continue;
      }
      yield result.value;
      advance(source);
    }
  } finally {
    for (const source of sources) source.return().catch(() => {});
  }
}
