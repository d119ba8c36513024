/** The commands and what they do, in a line each: the help lists them without loading any. */

export const briefs = {
  enqueue: "Enqueue a workflow, or a batch of them",
  send: "Send a message to a workflow",
  event: "Print an event of a workflow, or all of them",
  result: "Wait for the result of a workflow, and print it",
  watch: "Follow the status, steps and events of a workflow until it ends",
  stream: "Print the values of a stream as they are written",
  list: "List workflows, the newest first",
  show: "Show the status of a workflow, with its arguments and its result",
  steps: "List the steps of a workflow",
  explain: "Explain why a workflow has not ended, or how it has ended",
  count: "Count workflows by status, name, queue and the like",
  cancel: "Cancel workflows",
  resume: "Resume workflows that were cancelled",
  fork: "Run a workflow again under a new ID, from one of its steps on",
  rewind: "Run a workflow that has ended again, under its own ID",
  delete: "Delete workflows with all their data",
  queues: "List queues, how many workflows wait on each, and for how long",
  schedules: "List schedules",
  versions: "List application versions, or make one the latest",
  doctor: "Check the connection, the schema, privileges, queues and versions",
  completion: "Print a script that completes commands and flags in a shell",
} as const;

/** The name of a command. */
export type CommandName = keyof typeof briefs;
