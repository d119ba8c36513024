import {
  openStatementRecorder,
  type RecorderOptions,
  type StatementRecorder,
} from "./statement_recorder.ts";

/** Records how much each statement writes. */
export interface BatchRecorder extends StatementRecorder {
  /** The number of jobs or messages in each statement. */
  batches: number[];
}

/** Records the statements that enqueue workflows or send messages. */
export async function openBatchRecorder(
  kind: "enqueue" | "send",
  options: RecorderOptions = {},
): Promise<BatchRecorder> {
  const batches: number[] = [];
  const recorder = await openStatementRecorder(({ name, values }) => {
    if (!name.startsWith(`dbos_${kind}`)) return;
    const items = values.find((value) => String(value).startsWith("["));
    batches.push(items === undefined ? 1 : JSON.parse(items as string).length);
  }, options);
  return { ...recorder, batches };
}
