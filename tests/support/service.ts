import { assert } from "@std/assert";

/** A program that runs until it is stopped, in a process of its own. */
export interface Service extends AsyncDisposable {
  /** The URL that the program prints when it is ready. */
  readonly url: URL;
  /** What the program has printed so far. */
  printed(): string;
  signal(signal: Deno.Signal): void;
  /** Settles when the program has ended; rejects if it has ended with an error. */
  whenEnded(): Promise<void>;
}

/** Finds the URL of a server that prints `Listening on` and its address. */
function findAddress(printed: string): string | undefined {
  return /Listening on (http\S+)\s/.exec(printed)?.[1];
}

/** Starts a program and waits until `find` finds its URL in what it prints. */
export async function startService(
  command: string,
  args: readonly string[],
  options: Pick<Deno.CommandOptions, "cwd" | "env">,
  find: (printed: string) => string | undefined = findAddress,
): Promise<Service> {
  const service = new Deno.Command(command, {
    ...options,
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const listening = Promise.withResolvers<URL>();
  let printed = "";

  async function read(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      printed += part;
      const url = find(printed);
      if (url) listening.resolve(new URL(url));
    }
  }

  const over = Promise.all([service.status, read(service.stdout), read(service.stderr)]);
  over.then(() => listening.reject(new Error(`Cannot start ${command} ${args}:\n${printed}`)));
  return {
    url: await listening.promise,
    printed: () => printed,
    signal: (signal) => service.kill(signal),
    async whenEnded() {
      const [status] = await over;
      assert(status.success, `${command} ${args} ended with ${status.code}:\n${printed}`);
    },
    async [Symbol.asyncDispose]() {
      // It may have ended.
      try {
        service.kill("SIGKILL");
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
      await over;
    },
  };
}
