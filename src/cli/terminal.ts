/** The streams of the process: whether they are terminals, what they can show, and how they end. */

/** The process. It is not imported: Node would open stdin as well, which takes 10 ms. */
export const process: NodeJS.Process = globalThis.process;

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

const codes: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** Reads an environment variable; undefined as well if Deno forbids it. */
export function readVariable(name: string): string | undefined {
  try {
    return process.env[name];
  } catch {
    return undefined;
  }
}

function decideColor(isTerminal: boolean): boolean {
  const force = readVariable("FORCE_COLOR");
  if (force !== undefined) return force !== "0" && force !== "false";
  if (readVariable("NO_COLOR")) return false;
  return isTerminal && readVariable("TERM") !== "dumb";
}

/** Ends the process if the error is that nobody reads its output any more. */
function endIfUnread(error: unknown): never {
  if ((error as { code?: string }).code === "EPIPE") process.exit(0);
  throw error;
}

/** A stream of the process that text is written to. */
export class Output {
  readonly isTerminal: boolean;
  readonly hasColor: boolean;
  readonly #stream: typeof process.stdout | typeof process.stderr;

  constructor(stream: typeof process.stdout | typeof process.stderr) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true;
    this.hasColor = decideColor(this.isTerminal);
  }

  /** The width of the terminal; unlimited elsewhere. */
  get columns(): number {
    return this.isTerminal ? this.#stream.columns || 80 : Infinity;
  }

  /** The height of the terminal. */
  get rows(): number {
    return this.#stream.rows || 24;
  }

  /** Writes text, and waits until the reader can take more. */
  write(text: string): Promise<void> {
    return new Promise((resolve) => {
      try {
        this.#stream.write(text, () => resolve());
      } catch (error) {
        // Deno 2.5 throws what other runtimes emit.
        endIfUnread(error);
      }
    });
  }

  /** The text in a style, if the stream shows styles. */
  paint(style: Style, text: string): string {
    const [on, off] = codes[style];
    return this.hasColor ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  }
}

export const stdout: Output = new Output(process.stdout);
export const stderr: Output = new Output(process.stderr);

/** Whether stdin is a terminal. */
export function isStdinTerminal(): boolean {
  return process.stdin.isTTY === true;
}

const cleanups = new Set<() => string>();

/** Has an interrupt write what `cleanup` returns to stderr. Returns a function that undoes this. */
export function onInterrupt(cleanup: () => string): () => void {
  cleanups.add(cleanup);
  return () => cleanups.delete(cleanup);
}

/** Ends the process at once when it is interrupted, or when nobody reads its output any more. */
export function endOnSignals(codes: Readonly<Record<"SIGINT" | "SIGTERM", number>>): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      process.stderr.write([...cleanups].map((cleanup) => cleanup()).join(""));
      process.exit(codes[signal]);
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", endIfUnread);
  }
}
