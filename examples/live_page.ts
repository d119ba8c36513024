/**
 * A page that shows a workflow live: its status, its progress and its log, as they change, also after a
 * lost connection or a restart of this server. It has links that approve or reject the task.
 *
 *     deno run --allow-env --allow-net examples/live_page.ts
 *
 * Open the URL that it prints.
 */
import { connect, enqueue } from "@dbos-community/client";
import { signalHandler, signalLink, workflowEvents } from "@dbos-community/client/http";

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>A workflow, live</title>
<h1>Task <span id="status"></span></h1>
<progress id="progress" max="100" value="0"></progress>
<p id="links"></p>
<ol id="log" start="0"></ol>
<script type="module">
  const parameters = new URLSearchParams(location.search);
  const element = (id) => document.getElementById(id);
  for (const name of ["approve", "reject"]) {
    if (!parameters.has(name)) continue;
    const link = Object.assign(document.createElement("a"), { target: "_blank", textContent: name });
    link.href = "/signals?signal=" + encodeURIComponent(parameters.get(name));
    element("links").append(link, " ");
  }

  const source = new EventSource("/workflows/" + encodeURIComponent(parameters.get("id")));
  const on = (name, show) =>
    source.addEventListener(name, ({ data }) => show(JSON.parse(data)));
  on("status", ({ status }) => element("status").textContent = status);
  on("event", ({ key, value }) => {
    if (key === "progress") element("progress").value = value;
  });
  on("stream", ({ value }) => {
    const line = document.createElement("li");
    line.textContent = String(value);
    element("log").append(line);
  });
  on("end", () => source.close());
</script>
</html>
`;

const client = await connect();
const secret = Deno.env.get("SIGNAL_SECRET") ?? crypto.randomUUID();
const prefix = "review-";

const events = workflowEvents(client, {
  // Here everybody may read the tasks of this page, but no other workflows. Check a session instead.
  authorize: (_request, workflowID) => workflowID.startsWith(prefix),
  streams: ["log"],
});
const signals = signalHandler(client, { secret });

/** Enqueues a task, and leads to its page. */
async function startTask({ url }: Request): Promise<Response> {
  const workflowID = prefix + crypto.randomUUID();
  const task = { workflowName: "reviewTask", queueName: "tasks", workflowID };
  await enqueue(client, task, { id: 7 });
  const parameters = new URLSearchParams({ id: workflowID });
  for (const [name, approved] of [["approve", true], ["reject", false]] as const) {
    const link = await signalLink({
      url: new URL("/signals", url),
      secret,
      workflowID,
      topic: "approval",
      message: { approved },
      decisionID: `approval of ${workflowID}`,
      label: `${name} task 7`,
    });
    parameters.set(name, new URL(link).searchParams.get("signal")!);
  }
  return new Response(null, { status: 303, headers: { location: `/task?${parameters}` } });
}

function handle(request: Request): Response | Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/") return startTask(request);
  if (pathname === "/task") {
    return new Response(page, { headers: { "content-type": "text/html; charset=utf-8" } });
  }
  if (pathname === "/signals") return signals(request);
  if (pathname.startsWith("/workflows/")) return events(request);
  return new Response("Not found", { status: 404 });
}

Deno.serve(handle);
