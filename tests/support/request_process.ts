/** Runs a program that takes requests from stdin, one a line, and writes responses to stdout. */

export interface RequestProcess extends AsyncDisposable {
  /** Sends a request with a number of its own; the response has the same one. */
  request(request: object): Promise<{
    readonly id: number;
    // deno-lint-ignore no-explicit-any -- what the program responds
    readonly response: Promise<any>;
  }>;
}

/** Starts a program. It ends when it is disposed of. */
export function startRequestProcess(
  [command, ...args]: readonly string[],
  cwd?: string,
): RequestProcess {
  const child = new Deno.Command(command!, {
    args,
    ...(cwd !== undefined && { cwd }),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  const printed = new Response(child.stderr).text();
  const responses: PromiseWithResolvers<unknown>[] = [];

  async function readResponses(): Promise<void> {
    let text = "";
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (text + part).split("\n");
      text = lines.pop()!;
      for (const line of lines) {
        const { id, result, error } = JSON.parse(line);
        if (error) responses[id]!.reject(new Error(error));
        else responses[id]!.resolve(result);
      }
    }
    const error = new Error(`${command} has ended:\n${await printed}`);
    for (const { reject } of responses) reject(error);
  }
  const reading = readResponses();

  return {
    async request(request) {
      const response = Promise.withResolvers<unknown>();
      const id = responses.push(response) - 1;
      response.promise.catch(() => {});
      await input.write(new TextEncoder().encode(`${JSON.stringify({ id, ...request })}\n`));
      return { id, response: response.promise };
    },
    async [Symbol.asyncDispose]() {
      await input.close().catch(() => {});
      await reading;
      await child.status;
    },
  };
}
