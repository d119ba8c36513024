import type { ClientOptions } from "../../mod.ts";
import { openStatementRecorder, type StatementRecorder } from "./statement_recorder.ts";

/** When a look was, for what, and for which of it. */
export interface RecordedLook<Wanted = unknown> {
  at: number;
  kind: "outcomes" | "ends" | "events" | "stream_values";
  wanted: Wanted[];
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
    const [, kind] = /^dbos_find_(outcomes|ends|events|stream_values)_/.exec(name) ?? [];
    if (!kind) return;
    const wanted = JSON.parse(values[0] as string);
    looks.push({ at: performance.now(), kind: kind as RecordedLook["kind"], wanted });
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
