/** Reads server-sent events from a response, as a browser does. */
import { assertEquals } from "@std/assert";

/** A message of a stream of server-sent events, with its data parsed. */
export interface ServerSentEvent {
  event: string;
  // deno-lint-ignore no-explicit-any
  data: any;
  /** The ID that a browser would send back now. */
  id: string;
}

/** The messages of a response, one after the other. */
export interface EventStreamReader {
  /** The next message; undefined at the end of the response. */
  next(): Promise<ServerSentEvent | undefined>;
  /** All further messages until the end of the response. */
  rest(): Promise<ServerSentEvent[]>;
  /** The ID that a browser would send back now. */
  readonly lastEventID: string;
  /** The comments so far. */
  readonly comments: number;
  /** Leaves the response. */
  leave(): Promise<void>;
}

/** Starts to read a response, which must be one of server-sent events. */
export function readEventStream(response: Response): EventStreamReader {
  assertEquals([response.status, response.headers.get("content-type")], [200, "text/event-stream"]);
  const parts = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let lastEventID = "";
  let comments = 0;

  async function nextBlock(): Promise<string | undefined> {
    while (!text.includes("\n\n")) {
      const { done, value } = await parts.read();
      if (done) return undefined;
      text += value;
    }
    const end = text.indexOf("\n\n");
    const block = text.slice(0, end);
    text = text.slice(end + 2);
    return block;
  }

  async function next(): Promise<ServerSentEvent | undefined> {
    for (let block = await nextBlock(); block !== undefined; block = await nextBlock()) {
      const fields = new Map<string, string>();
      for (const line of block.split("\n")) {
        const [name, ...value] = line.split(": ");
        if (line.startsWith(":")) comments++;
        else fields.set(name!, value.join(": "));
      }
      lastEventID = fields.get("id") ?? lastEventID;
      if (!fields.has("data")) continue;
      return {
        event: fields.get("event")!,
        data: JSON.parse(fields.get("data")!),
        id: lastEventID,
      };
    }
  }

  return {
    next,
    async rest() {
      const messages = [];
      for (let message = await next(); message; message = await next()) messages.push(message);
      return messages;
    },
    get lastEventID() {
      return lastEventID;
    },
    get comments() {
      return comments;
    },
    leave: () => parts.cancel(),
  };
}
