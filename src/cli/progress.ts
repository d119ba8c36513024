/** A progress bar on stderr, if that is a terminal. */

import type { Lines } from "./input.ts";
import { onInterrupt, stderr } from "./terminal.ts";

/** The progress of something that takes long. */
export interface Progress {
  /** Shows how many items are done. */
  update(done: number): void;
  /** Removes the bar. */
  end(): Promise<void>;
}

const barWidth = 30;
const minIntervalMs = 50;
const clearLine = "\r\x1b[K";

/** Shows how much of the lines has been read, and how many items are done. */
export function showProgress(action: string, lines: Lines): Progress {
  function draw(done: number): string {
    const { readBytes, totalBytes } = lines;
    const count = `${done.toLocaleString("en")} done`;
    if (!totalBytes) return `${clearLine}${action}: ${count}`;
    const share = Math.min(1, readBytes / totalBytes);
    const filled = Math.round(share * barWidth);
    const bar = stderr.paint("green", "█".repeat(filled)) + "░".repeat(barWidth - filled);
    return `${clearLine}${action} ${bar} ${Math.floor(share * 100)} %, ${count}`;
  }

  if (!stderr.isTerminal) return { update() {}, end: () => Promise.resolve() };
  let done = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  stderr.write(draw(0));
  const stop = onInterrupt(() => `${draw(done)}\n`);

  function redraw(): void {
    timer = undefined;
    stderr.write(draw(done));
  }
  return {
    update(now) {
      done = now;
      timer ??= setTimeout(redraw, minIntervalMs);
    },
    end() {
      clearTimeout(timer);
      stop();
      return stderr.write(clearLine);
    },
  };
}
