/** An application in a process of its own, which ends when this is disposed. */
export interface Application extends AsyncDisposable {
  /** The SDK and its version, as the application prints them. */
  sdk: string;
}

/**
 * Starts an application, and waits until it has launched and printed a line of JSON with its `sdk`.
 * The application exits when its stdin is closed. With the variable `OWN_SCHEDULE` it creates a
 * schedule of its own, named `own`, which fires every second. With `SERIALIZER` it has a serializer of
 * its own, named `base64_json`.
 */
export async function startApplication(
  [program, ...args]: string[],
  systemDatabaseUrl: string,
  env: Record<string, string> = {},
): Promise<Application> {
  const application = new Deno.Command(program!, {
    args: [...args, systemDatabaseUrl],
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(application.stderr).text();
  const stdout = application.stdout.pipeThrough(new TextDecoderStream()).getReader();

  async function stop(): Promise<string> {
    await application.stdin.close().catch(() => {});
    while (!(await stdout.read()).done);
    await application.status;
    return await stderr;
  }

  let text = "";
  for (;;) {
    const { value, done } = await stdout.read();
    if (done) throw new Error(`Cannot start ${program} ${args.join(" ")}:\n${text}${await stop()}`);
    text += value;
    const sdk = /^\{"sdk": *"(.*)"\}$/m.exec(text)?.[1];
    if (sdk) return { sdk, [Symbol.asyncDispose]: async () => void await stop() };
  }
}
