/** The handlers of `/http`, for servers of every kind. */
import type { Client } from "@dbos-community/client";
import {
  enqueueHandler,
  type EnqueueHandlerOptions,
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
  const webhookOptions: EnqueueHandlerOptions<{ id: number }> = {
    verify: githubWebhooks({ secret }),
    workflowIDPrefix: "github-",
    maxBodyBytes: 1000,
    toJob: (task) => ({ workflowName: "processTask", queueName: "tasks", args: [task] }),
  };
  const webhook = enqueueHandler(client, webhookOptions);
  const hasty = enqueueHandler(client, { ...webhookOptions, bodyTimeoutSeconds: 0.1 });
  const signals = signalHandler(client, { secret });
  return (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/workflows/")) return events(request);
    if (pathname === "/webhook") return webhook(request);
    return pathname === "/hasty" ? hasty(request) : signals(request);
  };
}
