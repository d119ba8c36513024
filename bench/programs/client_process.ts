/**
 * A process of `bench/clients.ts`: `client_process.ts official|ours URL MAX_CONNECTIONS`. It connects, then
 * takes requests from stdin, as startRequestProcess() sends them.
 */
import type { ClientRequest } from "../clients.ts";

type Enqueue = (queueName: string) => Promise<{ getResult(): Promise<unknown> }>;

const [kind, url, maxConnections] = Deno.args as [string, string, string];

// A process loads one client only.
async function openOfficial(): Promise<Enqueue> {
  const { DBOSClient } = await import("@dbos-inc/dbos-sdk");
  const client = await DBOSClient.create({
    systemDatabaseUrl: url,
    systemDatabasePoolSize: Number(maxConnections),
  });
  return (queueName) => client.enqueuePortable({ workflowName: "echo", queueName }, [1]);
}

async function openOurs(): Promise<Enqueue> {
  const { connect, enqueue } = await import("../../mod.ts");
  const client = await connect(url, { maxConnections: Number(maxConnections) });
  return (queueName) => enqueue(client, { workflowName: "echo", queueName }, 1);
}

const enqueueOn = await (kind === "official" ? openOfficial() : openOurs());
let completed = 0;

async function enqueueAndWait(): Promise<never> {
  while (true) {
    const handle = await enqueueOn("worked");
    await handle.getResult();
    completed++;
  }
}

async function wait(): Promise<void> {
  const handle = await enqueueOn("idle");
  handle.getResult();
}

async function respond({ work, count }: ClientRequest): Promise<number> {
  if (work === "work") { for (let index = 0; index < count; index++) enqueueAndWait(); }
  if (work === "wait") await Promise.all(Array.from({ length: count }, wait));
  if (work === "enqueue") await enqueueOn("idle");
  return completed;
}

let text = "";
for await (const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (text + part).split("\n");
  text = lines.pop()!;
  for (const line of lines) {
    const { id, ...request } = JSON.parse(line);
    respond(request).then(
      (result) => console.log(JSON.stringify({ id, result })),
      (error) => console.log(JSON.stringify({ id, error: String(error) })),
    );
  }
}
Deno.exit();
