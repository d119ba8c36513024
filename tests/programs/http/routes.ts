/** The handlers of `/http`, for servers of every kind. */
import type { Client } from "@dbos-community/client";
import {
  enqueueHandler,
  githubWebhooks,
  signalHandler,
  workflowEvents,
} from "@dbos-community/client/http";

export const secret = "a secret that the test knows";

/** Under this name the test finds the connections of a server. */
export const applicationName = "http_server";

/** Makes the handler of all routes. */
export function createRoutes(client: Client): (request: Request) => Promise<Response> {
  const events = workflowEvents(client, {
    authorize: ({ headers }) => headers.get("authorization") === secret,
    streams: ["log"],
    result: true,
    pollingIntervalMs: 20,
    heartbeatSeconds: 0.1,
  });
  const webhook = enqueueHandler<{ id: number }>(client, {
    verify: githubWebhooks({ secret }),
    workflowIDPrefix: "github-",
    maxBodyBytes: 1000,
    toJob: (task) => ({ workflowName: "processTask", queueName: "tasks", args: [task] }),
  });
  const signals = signalHandler(client, { secret });
  return (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/workflows/")) return events(request);
    return pathname === "/webhook" ? webhook(request) : signals(request);
  };
}
