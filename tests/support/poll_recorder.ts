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
  const recorder = await openStatementRecorder(({ name, values }) => {
    const [, kind] =
      /^dbos_find_(outcomes|completion_times|events|\w+_changes|stream_values|stream_ends)_/
        .exec(name) ?? [];
    if (!kind) return;
    const [targets, separator] = values as [string, string];
    const isByID = kind === "outcomes" || kind === "completion_times";
    const wanted = isByID ? targets.split(separator) : JSON.parse(targets);
    polls.push({ at: performance.now(), kind: kind as RecordedPoll["kind"], wanted });
    onPoll();
  }, options);
  return {
    ...recorder,
    polls,
    async untilPolls(count) {
      while (polls.length < count) await new Promise<void>((resolve) => onPoll = resolve);
    },
  };
}
