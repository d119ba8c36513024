/** Where the effects of calls are found in the database. */

/** Statements that return the ID of each call that left an effect, once for each. */
export const effects = {
  workflows: "select authenticated_user as id from dbos.workflow_status where forked_from is null",
  messages: "select message::json #>> '{}' as id from dbos.notifications",
  forks: "select forked_from as id from dbos.workflow_status where forked_from is not null",
  runs: "select id from test_runs",
  enqueued: "select workflow_uuid as id from dbos.workflow_status where status = 'ENQUEUED'",
  priorities: "select workflow_uuid as id from dbos.workflow_status where priority = 7",
  delays: `
    select workflow_uuid as id
    from dbos.workflow_status
    where delay_until_epoch_ms > created_at + 12 * 3600000`,
  attributes:
    "select attributes ->> 'id' as id from dbos.workflow_status where forked_from is null",
  queues: "select name as id from dbos.queues",
  schedules: "select schedule_name as id from dbos.workflow_schedules",
  "paused schedules":
    "select schedule_name as id from dbos.workflow_schedules where status = 'PAUSED'",
  "scheduled workflows":
    "select schedule_name as id from dbos.workflow_status where schedule_name is not null",
} as const;

export type EffectName = keyof typeof effects;
