/** Writes the body of a response with server-sent events. */

/** How to write the body. */
export interface EventStreamOptions {
  /** The time without a message after which a comment is sent. */
  readonly heartbeatMs: number;
  /** Aborted when the reader leaves or the messages end, so that whatever they wait for ends. */
  readonly stop: AbortController;
  /** Told what ends the messages early, unless the reader has left. */
  onError(error: unknown): void;
}

const heartbeat = ":\n\n";

/**
 * Makes the body of a response of messages, which are taken from their source as the reader takes them. If
 * the source fails, the body ends, and the reader reconnects.
 *
 * When the reader leaves, servers cancel the body. The signal of the request would tell it as well, but
 * Deno prints a warning if it is used.
 */
export function createEventStream(
  messages: AsyncGenerator<string, void, void>,
  { heartbeatMs, stop, onError }: EventStreamOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  let isTaking = false;
  let taken: { readonly text: string | undefined } | { readonly error: unknown } | undefined;
  let wake = () => {};

  function take(): void {
    isTaking = true;
    messages.next()
      .then(({ value }) => taken = { text: value ?? undefined }, (error) => taken = { error })
      .then(() => wake());
  }

  /** The next message, or a heartbeat if that takes too long: then the message is for another pull. */
  async function nextText(): Promise<string | undefined> {
    if (!isTaking) take();
    if (!taken) {
      // Not a race with the message: each heartbeat would add a callback to it, for as long as it takes.
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, heartbeatMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    if (!taken) return heartbeat;
    const message = taken;
    taken = undefined;
    isTaking = false;
    if ("error" in message) throw message.error;
    return message.text;
  }

  return new ReadableStream({
    async pull(controller) {
      let text: string | undefined;
      try {
        text = await nextText();
      } catch (error) {
        if (!stop.signal.aborted) onError(error);
      }
      // A body that was cancelled takes no more.
      if (stop.signal.aborted) return;
      if (text !== undefined) return controller.enqueue(encoder.encode(text));
      controller.close();
      // If one source has failed, the others still wait.
      stop.abort();
    },
    cancel() {
      stop.abort();
      messages.return().catch(() => {});
      wake();
    },
  });
}
