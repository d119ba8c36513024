/** Lines at the end of a terminal that are drawn again when they change. */

import { cutLine } from "./table.ts";
import { onInterrupt, type Output } from "./terminal.ts";

const hideCursor = "\x1b[?25l";
const showCursor = "\x1b[?25h";
const clearBelow = "\x1b[J";

/** Draws lines, and replaces them by the next ones. Without a terminal it writes only the last ones. */
export class LiveView {
  readonly #output: Output;
  readonly #stop: () => void;
  #lines: readonly string[] = [];
  #drawn: readonly string[] = [];

  constructor(output: Output) {
    this.#output = output;
    this.#stop = onInterrupt(() => showCursor);
  }

  /** Draws the lines that fit on the terminal, the last ones if there are too many. */
  draw(lines: readonly string[]): void {
    this.#lines = lines;
    if (!this.#output.isTerminal) return;
    // Lines that have scrolled out of the terminal cannot be replaced.
    const room = Math.max(4, this.#output.rows - 1);
    const visible = lines.length <= room
      ? lines
      : [...lines.slice(0, 2), "  …", ...lines.slice(lines.length - room + 3)];
    this.#write(visible.map((line) => cutLine(line, this.#output.columns)));
  }

  #write(lines: readonly string[]): void {
    if (lines.join("\n") === this.#drawn.join("\n")) return;
    const up = this.#drawn.length > 0 ? `\x1b[${this.#drawn.length}F` : "";
    this.#drawn = lines;
    this.#output.write(`${hideCursor}${up}${clearBelow}${lines.join("\n")}\n`);
  }

  /** Leaves all lines on the terminal, whole. */
  async end(): Promise<void> {
    if (!this.#output.isTerminal) return await this.#output.write(`${this.#lines.join("\n")}\n`);
    this.#write(this.#lines);
    this.#stop();
    await this.#output.write(showCursor);
  }
}
