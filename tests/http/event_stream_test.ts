import { assertEquals } from "@std/assert";
import { createEventStream } from "../../src/http/event_stream.ts";

Deno.test("heartbeats add nothing to the message that they wait for", async () => {
  const message = Promise.withResolvers<IteratorResult<string, void>>();
  let callbacks = 0;
  const then = message.promise.then.bind(message.promise);
  message.promise.then = ((...parameters: Parameters<typeof then>) => {
    callbacks++;
    return then(...parameters);
  }) as never;
  const messages = {
    next: () => message.promise,
    return: () => Promise.resolve({ done: true }),
  } as unknown as AsyncGenerator<string, void, void>;
  const errors: unknown[] = [];
  const body = createEventStream(messages, {
    heartbeatMs: 1,
    stop: new AbortController(),
    onError: (error) => errors.push(error),
  });
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let count = 0; count < 100; count++) assertEquals((await reader.read()).value, ":\n\n");
  assertEquals(callbacks, 1);
  message.resolve({ done: false, value: "data: 1\n\n" });
  let text = ":\n\n";
  while (text === ":\n\n") text = (await reader.read()).value!;
  assertEquals(text, "data: 1\n\n");
  await reader.cancel();
  assertEquals(errors, []);
});
