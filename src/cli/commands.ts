/** Loads the module of a command when it is called: most of the start-up time would go into all of them. */

import type { CliCommand } from "./command.ts";
import type { CommandName } from "./briefs.ts";

const loaders: Readonly<Record<CommandName, () => Promise<CliCommand>>> = {
  enqueue: async () => (await import("./commands/enqueue.ts")).enqueue,
  send: async () => (await import("./commands/messages.ts")).send,
  event: async () => (await import("./commands/messages.ts")).event,
  stream: async () => (await import("./commands/messages.ts")).stream,
  result: async () => (await import("./commands/result.ts")).result,
  watch: async () => (await import("./commands/watch.ts")).watch,
  list: async () => (await import("./commands/list.ts")).list,
  show: async () => (await import("./commands/show.ts")).show,
  steps: async () => (await import("./commands/steps.ts")).steps,
  explain: async () => (await import("./commands/show.ts")).explain,
  count: async () => (await import("./commands/count.ts")).count,
  cancel: async () => (await import("./commands/manage.ts")).cancel,
  resume: async () => (await import("./commands/manage.ts")).resume,
  fork: async () => (await import("./commands/manage.ts")).fork,
  rewind: async () => (await import("./commands/manage.ts")).rewind,
  delete: async () => (await import("./commands/manage.ts")).deleteCommand,
  queues: async () => (await import("./commands/applications.ts")).queues,
  schedules: async () => (await import("./commands/applications.ts")).schedules,
  versions: async () => (await import("./commands/applications.ts")).versions,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  completion: async () => (await import("./commands/completion.ts")).completion,
};

/** Loads a command; undefined if there is none of that name. */
export function loadCommand(name: string | undefined): Promise<CliCommand> | undefined {
  return name !== undefined && Object.hasOwn(loaders, name)
    ? loaders[name as CommandName]()
    : undefined;
}
