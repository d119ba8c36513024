import {
  openStatementRecorder,
  type RecorderOptions,
  type StatementRecorder,
} from "./statement_recorder.ts";

/** The time of a poll, its kind, and the targets that it polled for. */
export interface RecordedPoll<Wanted = unknown> {
  at: number;
  kind:
    | "outcomes"
    | "completion_times"
    | "events"
    | "event_changes"
    | "status_changes"
    | "stream_values"
    | "stream_ends";
  wanted: Wanted[];
}

/** A database with a worker, and a client whose polls are recorded. */
export interface PollRecorder extends StatementRecorder {
  polls: RecordedPoll[];
  /** Waits until there have been this many polls. */
  untilPolls(count: number): Promise<void>;
}

export async function openPollRecorder(options: RecorderOptions = {}): Promise<PollRecorder> {
  const polls: RecordedPoll[] = [];
  let onPoll = () => {};
  function add(kind: RecordedPoll["kind"], wanted: unknown[]): void {
    polls.push({ at: performance.now(), kind, wanted });
    onPoll();
  }
  const recorder = await openStatementRecorder(({ name, values }) => {
    const [, kind] =
      /^dbos_find_(outcomes?|completion_times|\w+_changes|events?|stream_values|stream_ends)_/
        .exec(name) ?? [];
    if (!kind) return;
    const [targets, separator] = values as [string, string];
    const isByID = kind === "outcomes" || kind === "completion_times";
    if (kind === "outcome") add("outcomes", [targets]);
    else if (kind === "event") add("events", [{ workflow_id: targets, key: separator }]);
    else add(kind as RecordedPoll["kind"], isByID ? targets.split(separator) : JSON.parse(targets));
  }, options);
  return {
    ...recorder,
    polls,
    async untilPolls(count) {
      while (polls.length < count) await new Promise<void>((resolve) => onPoll = resolve);
    },
  };
}
