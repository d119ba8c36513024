import type { ClientOptions } from "../../mod.ts";
import { openStatementRecorder, type StatementRecorder } from "./statement_recorder.ts";

/** When a look was, and its lists, each an array. */
export interface RecordedLook {
  at: number;
  outcomes: string[];
  events: { workflow_id: string; key: string }[];
  ends: string[];
  streams: { workflow_id: string; key: string; offset: number }[];
}

/** A database with a worker, and a client of it whose looks are written down. */
export interface LookRecorder extends StatementRecorder {
  looks: RecordedLook[];
  /** Settles when there are so many looks. */
  untilLooks(count: number): Promise<void>;
}

export async function openLookRecorder(options: ClientOptions = {}): Promise<LookRecorder> {
  const looks: RecordedLook[] = [];
  let onLook = () => {};
  const recorder = await openStatementRecorder(({ name, values }) => {
    if (!name.startsWith("dbos_look_")) return;
    const [outcomes, events, ends, streams] = values.slice(0, 4)
      .map((json) => JSON.parse(json as string));
    looks.push({ at: performance.now(), outcomes, events, ends, streams });
    onLook();
  }, options);
  return {
    ...recorder,
    looks,
    async untilLooks(count) {
      while (looks.length < count) await new Promise<void>((resolve) => onLook = resolve);
    },
  };
}
