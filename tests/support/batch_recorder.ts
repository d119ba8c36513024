import {
  openStatementRecorder,
  type RecorderOptions,
  type StatementRecorder,
} from "./statement_recorder.ts";

/** A recorder of how much is written at once. */
export interface BatchRecorder extends StatementRecorder {
  /** How many jobs or messages each statement had. */
  batches: number[];
}

/** Records the statements that enqueue, or those that send. */
export async function openBatchRecorder(
  kind: "enqueue" | "send",
  options: RecorderOptions = {},
): Promise<BatchRecorder> {
  const batches: number[] = [];
  const recorder = await openStatementRecorder(({ name, values }) => {
    if (!name.startsWith(`dbos_${kind}`)) return;
    const items = values.find((value) => String(value).startsWith("["));
    batches.push(JSON.parse(items as string).length);
  }, options);
  return { ...recorder, batches };
}
